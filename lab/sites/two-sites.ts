import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Session } from "vici-client";
import { Charon, type CharonOptions } from "./charon.ts";
import { Ipman } from "./ipman.ts";
import { psk, secret, sites, yaml, type connectionSpec } from "./manifests.ts";
import { mirror, type Mirror } from "./peer.ts";
import { captureIke, keepKernelState } from "./evidence.ts";
import { inNetns, ip, sh } from "./shell.ts";

/** charon's retransmission in the lab: it gives up on a dead peer within seconds. */
const impatient = ["retransmit_tries = 2", "retransmit_timeout = 1.0", "retransmit_base = 1.2"];

/** The charons that differ from those of other scenarios. */
type Images = Partial<Record<"node" | "peer", Pick<CharonOptions, "image">>>;

/** The sites that are up; the kernel's state is saved for them when a test fails. */
const open = new Set<TwoSites>();

// The demo has no tests, and node:test would report on them.
if (process.env["NODE_TEST_CONTEXT"] !== undefined) {
  const { afterEach } = await import("node:test");
  afterEach((test) => {
    // Node has `passed` since version 24; its types do not.
    const { name, passed } = test as TestContext & { readonly passed: boolean };
    if (!passed) for (const { folder } of open) keepKernelState(folder, name);
  });
}

/**
 * A node with charon and ipman, a peer with its own charon, and a cable between
 * them. The node is the machine's own network namespace.
 */
export class TwoSites implements AsyncDisposable {
  readonly folder: string;
  readonly node: Charon;
  readonly peer: Charon;
  readonly ipman: Ipman;
  #peerSession: Session | undefined;
  #capture: ChildProcess | undefined;

  private constructor(folder: string, settings: readonly string[], images: Images) {
    this.folder = folder;
    this.node = new Charon({ name: "node-charon", folder, settings, ...images.node });
    this.peer = new Charon({
      name: "peer-charon",
      netns: "peer",
      folder,
      settings,
      ...images.peer,
    });
    this.ipman = new Ipman(folder, this.node.vici);
  }

  static async build(
    settings: readonly string[] = impatient,
    images: Images = {},
  ): Promise<TwoSites> {
    const parent = process.env["ARTIFACTS"] ?? "/tmp";
    mkdirSync(parent, { recursive: true });
    const lab = new TwoSites(mkdtempSync(join(parent, "sites-")), settings, images);
    clear();
    cable();
    lab.#capture = captureIke(lab.folder);
    await Promise.all([lab.node.start(), lab.peer.start()]);
    lab.#peerSession = await lab.peer.session();
    open.add(lab);
    return lab;
  }

  /** Loads the peer's half of a connection into its charon. */
  async mirror(cr: object, changes?: Mirror): Promise<void> {
    await mirror(this.#peerSession as Session, cr, changes);
  }

  /** Establishes a connection from its two files, with a worker `app` behind its child. */
  async up(cr: ReturnType<typeof connectionSpec>, changes?: Mirror): Promise<void> {
    const { name } = cr.metadata;
    await this.mirror(cr, changes);
    this.ipman.apply("secret.yaml", yaml(secret({ [name]: psk })));
    this.ipman.apply(`${name}.yaml`, yaml(cr));
    await this.ipman.start();
    await this.ipman.ready(name);
    ip("netns add app");
    this.ipman.attach("app", name, "child-2");
  }

  get peerSession(): Session {
    return this.#peerSession as Session;
  }

  async restartPeer(): Promise<void> {
    this.#peerSession?.close();
    await this.peer.stop("SIGKILL");
    // The kernel keeps the SAs and policies of a killed charon; a machine that boots has none.
    for (const what of ["state", "policy"]) ip(`-n peer xfrm ${what} flush`);
    await this.peer.start();
    this.#peerSession = await this.peer.session();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    open.delete(this);
    this.#capture?.kill();
    await this.ipman[Symbol.asyncDispose]();
    this.#peerSession?.close();
    await this.node[Symbol.asyncDispose]();
    await this.peer[Symbol.asyncDispose]();
    clear();
  }
}

function cable(): void {
  ip("netns add peer");
  // The device keeps its second address when it loses the first one.
  const promote = ["sysctl", "-qw", "net.ipv4.conf.default.promote_secondaries=1"] as const;
  sh(...promote);
  inNetns("peer", promote.join(" "));
  ip("link add wire0 type veth peer name wire0 netns peer");
  ip(`addr add ${sites.node.v4}/24 dev wire0`);
  ip(`addr add ${sites.node.v6}/64 dev wire0 nodad`);
  ip("link set wire0 up");
  ip(`-n peer addr add ${sites.peer.v4}/24 dev wire0`);
  ip(`-n peer addr add ${sites.peer.other}/24 dev wire0`);
  ip(`-n peer addr add ${sites.peer.v6}/64 dev wire0 nodad`);
  ip("-n peer link set wire0 up");
  ip("-n peer link set lo up");
  // The addresses behind the peer are on its loopback device.
  for (const n of [2, 3, 4, 5]) ip(`-n peer addr add 10.1.${n}.1/24 dev lo`);
  ip("-n peer addr add fd00:a1::1/64 dev lo nodad");
  // The route back into the tunnels; the ESP policies apply to it.
  ip("-n peer route add 10.0.0.0/16 dev wire0");
  ip("-n peer route add fd00:a0::/32 dev wire0");
}

/** Removes everything that remains from an earlier scenario. */
function clear(): void {
  const names = existsSync("/run/netns") ? readdirSync("/run/netns") : [];
  for (const name of names) ip(`netns del ${name}`);
  ip("xfrm state flush");
  ip("xfrm policy flush");
  try {
    ip("link del wire0");
  } catch {
    // The namespace did not exist.
  }
  rmSync("/run/ipman", { recursive: true, force: true });
}
