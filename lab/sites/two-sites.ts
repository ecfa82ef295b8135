import type { Session } from "vici-client";
import { cable, clear, flushXfrm } from "./cable.ts";
import { Charon, type CharonOptions } from "./charon.ts";
import { Evidence, sitesFolder } from "./evidence.ts";
import { Ipman } from "./ipman.ts";
import { psk, secret, yaml, type connectionSpec } from "./manifests.ts";
import { mirror, type Mirror } from "./peer.ts";
import { ip } from "./shell.ts";

/** charon's retransmission in the lab: it gives up on a dead peer within seconds. */
export const impatient = [
  "retransmit_tries = 2",
  "retransmit_timeout = 1.0",
  "retransmit_base = 1.2",
];

/** The charons that differ from those of other scenarios. */
type Images = Partial<Record<"node" | "peer", Pick<CharonOptions, "image">>>;

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
  #evidence: Evidence | undefined;

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
    const lab = new TwoSites(sitesFolder(), settings, images);
    clear();
    cable();
    lab.#evidence = new Evidence(lab.folder);
    await Promise.all([lab.node.start(), lab.peer.start()]);
    lab.#peerSession = await lab.peer.session();
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
    flushXfrm("peer");
    await this.peer.start();
    this.#peerSession = await this.peer.session();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#evidence?.[Symbol.dispose]();
    await this.ipman[Symbol.asyncDispose]();
    this.#peerSession?.close();
    await this.node[Symbol.asyncDispose]();
    await this.peer[Symbol.asyncDispose]();
    clear();
  }
}
