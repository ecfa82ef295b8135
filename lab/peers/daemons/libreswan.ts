import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "../../sites/shell.ts";
import { Daemon } from "./daemon.ts";
import { crossing, repeating, sendingEarly, type Implementation, type Peer } from "../peer.ts";
import type { PeerRoot } from "../peer-root.ts";
import type { Suite, Tunnel } from "../tunnel.ts";

const programs = "/usr/libexec/ipsec";
const nss = "/var/lib/ipsec/nss";
/** In /run, which the root shares with the machine. */
const runFolderIn = (netns: string) => `/run/pluto-${netns}`;
const files = { configuration: "/etc/ipsec.conf", secrets: "/etc/ipsec.secrets" };

/** Commands of whack that have other names in other versions. */
interface Words {
  readonly rekeyChild: string;
  /** Deletes one SA of a tunnel; undefined if whack does it by the number of the SA's state. */
  readonly deletes: { readonly child: string; readonly ike: string } | undefined;
  /** An established SA in the output of `--showstates`, by its kind. */
  readonly states: { readonly child: RegExp; readonly ike: RegExp };
}

const four: Words = {
  rekeyChild: "--rekey-ipsec",
  deletes: undefined,
  states: { child: /STATE_V2_ESTABLISHED_CHILD_SA/, ike: /STATE_V2_ESTABLISHED_IKE_SA/ },
};
const five: Words = {
  rekeyChild: "--rekey-child",
  deletes: { child: "--delete-child", ike: "--delete-ike" },
  states: { child: /ESTABLISHED_CHILD_SA/, ike: /ESTABLISHED_IKE_SA/ },
};

const endsFirst = {
  "both-reauthenticate":
    "libreswan ends its SAs before it negotiates the next ones, so that they do not multiply",
};

/** libreswan of Debian 12. */
export const libreswan4: Implementation = {
  name: "libreswan",
  root: "libreswan-bookworm",
  package: "libreswan",
  cannot: {
    ...endsFirst,
    "two-networks": "a CHILD SA of libreswan 4 has one pair of networks",
  },
  faults: {},
  haste: [
    sendingEarly("libreswan", "node-rekeys-child", "node-reauthenticates"),
    {
      cases: ["peer-reauthenticates"],
      note: "libreswan ends the CHILD SA before it negotiates the next one: pings in between are lost",
      habits: [],
      gapMs: 3_000,
    },
    crossing,
    repeating,
  ],
  create: (root, folder, netns) => new Libreswan({ root, folder, netns, words: four }),
};

/** libreswan of Debian 13. */
export const libreswan5: Implementation = {
  ...libreswan4,
  root: "libreswan-trixie",
  cannot: endsFirst,
  create: (root, folder, netns) => new Libreswan({ root, folder, netns, words: five }),
};

interface LibreswanOptions {
  readonly root: PeerRoot;
  readonly folder: string;
  /** Its network namespace; `peer` if it is undefined. */
  readonly netns: string | undefined;
  readonly words: Words;
}

class Libreswan implements Peer {
  readonly #runFolder: string;
  readonly #root: PeerRoot;
  readonly #words: Words;
  readonly #daemon: Daemon;
  readonly #tunnels = new Map<string, Tunnel>();

  constructor({ root, folder, netns = "peer", words }: LibreswanOptions) {
    this.#root = root;
    this.#words = words;
    this.#runFolder = runFolderIn(netns);
    this.#daemon = new Daemon(root, join(folder, `pluto-${netns}.log`), netns);
    root.folder(nss);
    root.run("certutil", "-N", "-d", `sql:${nss}`, "--empty-password");
  }

  async start(): Promise<void> {
    this.#write();
    // A killed pluto leaves its lock.
    const runFolder = this.#runFolder;
    rmSync(runFolder, { recursive: true, force: true });
    mkdirSync(runFolder);
    const { configuration, secrets } = files;
    const folders = ["--rundir", runFolder, "--nssdir", nss];
    const read = ["--config", configuration, "--secretsfile", secrets];
    const foreground = ["--nofork", "--stderrlog", "--no-dnssec"];
    this.#daemon.start(`${programs}/pluto`, ...foreground, ...folders, ...read);
    await eventually(() => this.#whack("--listen"), 20_000);
    for (const name of this.#tunnels.keys()) this.#add(name);
  }

  kill(): Promise<void> {
    return this.#daemon.kill();
  }

  pause(): void {
    this.#daemon.signal("SIGSTOP");
  }

  resume(): void {
    this.#daemon.signal("SIGCONT");
  }

  async load(tunnel: Tunnel): Promise<void> {
    if (this.#tunnels.has(tunnel.name)) this.#whack("--delete", "--name", tunnel.name);
    this.#tunnels.set(tunnel.name, tunnel);
    this.#write();
    // It reads the secrets as well, and finds addresses that were added since.
    this.#whack("--listen");
    this.#add(tunnel.name);
  }

  async unload({ name }: Tunnel): Promise<void> {
    this.#tunnels.delete(name);
    this.#whack("--delete", "--name", name);
  }

  async initiate({ name }: Tunnel): Promise<void> {
    this.#whack("--initiate", "--asynchronous", "--name", name);
  }

  async rekeyChild({ name }: Tunnel): Promise<void> {
    this.#whack(this.#words.rekeyChild, "--asynchronous", "--name", name);
  }

  async rekeyIke({ name }: Tunnel): Promise<void> {
    this.#whack("--rekey-ike", "--asynchronous", "--name", name);
  }

  async deleteChild(tunnel: Tunnel): Promise<void> {
    this.#delete("child", tunnel);
  }

  async deleteIke(tunnel: Tunnel): Promise<void> {
    this.#delete("ike", tunnel);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }

  #delete(kind: "child" | "ike", { name }: Tunnel): void {
    const { deletes, states } = this.#words;
    if (deletes !== undefined) {
      this.#whack(deletes[kind], "--name", name);
      return;
    }
    const listed = this.#whack("--showstates").split("\n");
    const line = listed.find((text) => text.includes(`"${name}"`) && states[kind].test(text));
    const [, state] = /#(\d+):/.exec(line ?? "") ?? [];
    if (state === undefined) throw new Error(`no such SA of ${name} in:\n${listed.join("\n")}`);
    this.#whack("--deletestate", state);
  }

  #write(): void {
    const tunnels = [...this.#tunnels.values()];
    const conns = tunnels.map(connOf).join("\n");
    this.#root.write(files.configuration, `config setup\n\tnhelpers=0\n\n${conns}`);
    this.#root.write(files.secrets, tunnels.map(secretOf).join(""));
  }

  #add(name: string): void {
    const socket = ["--ctlsocket", join(this.#runFolder, "pluto.ctl")];
    this.#root.run(`${programs}/addconn`, ...socket, "--config", files.configuration, name);
  }

  /** Runs whack and returns its output. It waits for no SA. */
  #whack(...args: string[]): string {
    return this.#root.run(`${programs}/whack`, "--rundir", this.#runFolder, ...args);
  }
}

function connOf({ name, node, peer, ike, esp, peerReauthenticates }: Tunnel): string {
  const options = {
    auto: "ignore",
    authby: "secret",
    left: peer.address,
    leftid: `@${peer.id}`,
    leftsubnet: peer.networks.join(","),
    // It would change routes.
    leftupdown: "%disabled",
    right: node.address,
    rightid: `@${node.id}`,
    rightsubnet: node.networks.join(","),
    ike: proposalOf(ike),
    esp: proposalOf({ ...esp, group: undefined }),
    // With the group of the IKE SA.
    pfs: esp.group === undefined ? "no" : "yes",
    "retransmit-interval": "500ms",
    "retransmit-timeout": "4s",
    ...(peerReauthenticates !== undefined && {
      reauth: "yes",
      ikelifetime: `${peerReauthenticates}s`,
      // libreswan 5 replaces a lifetime that is not longer than these.
      rekeymargin: "1s",
      rekeyfuzz: "0%",
    }),
  };
  const lines = Object.entries(options).map(([option, value]) => `\t${option}=${value}\n`);
  return `conn ${name}\n${lines.join("")}`;
}

function secretOf({ node, peer, key }: Tunnel): string {
  return `@${peer.id} @${node.id} : PSK "${key}"\n`;
}

const ciphers = {
  aes128: "aes128",
  aes256: "aes256",
  aes128gcm16: "aes_gcm128",
  aes256gcm16: "aes_gcm256",
};
const hashes = { sha256: "sha2_256", sha512: "sha2_512" };
const groups = { ecp256: "dh19", ecp384: "dh20" };

function proposalOf({ encryption, integrity, group }: Suite): string {
  const hash = integrity === undefined ? "" : `-${hashes[integrity]}`;
  return `${ciphers[encryption]}${hash}${group === undefined ? "" : `;${groups[group]}`}`;
}
