import { generateKeyPairSync } from "node:crypto";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { eventually } from "../../sites/shell.ts";
import { Daemon } from "./daemon.ts";
import { repeating, sendingEarly, type Implementation, type Peer } from "../peer.ts";
import type { PeerRoot } from "../peer-root.ts";
import type { Suite, Tunnel } from "../tunnel.ts";

const configuration = "/etc/iked.conf";
/** iked initiates what is active two seconds after it has read its configuration. */
const initiatesMs = 2_500;
const home = "/var/lib/openiked/empty";

/** OpenIKED of Debian 12. */
export const openiked72: Implementation = {
  name: "OpenIKED",
  root: "openiked-bookworm",
  package: "openiked",
  cannot: {
    "peer-reauthenticates": "OpenIKED does not reauthenticate",
    "both-reauthenticate": "OpenIKED does not reauthenticate",
    "peer-deletes-child": "OpenIKED has no command for it",
    "both-initiate":
      "OpenIKED initiates two seconds after it reads its configuration, not at a command",
    "esp-gcm": "on Linux, OpenIKED has no AES-GCM in ESP",
    "esp-sha256": "on Linux, OpenIKED has no HMAC-SHA-256 in ESP; HMAC-SHA-512 works",
  },
  faults: {},
  haste: [
    {
      cases: ["node-rekeys-child", "peer-rekeys-child"],
      note: "OpenIKED ends the old SA and sends on the new one before charon has its message: pings of that moment may be lost",
      habits: ["sendsEarly", "endsEarly", "installsLate"],
    },
    sendingEarly("OpenIKED", "node-reauthenticates"),
    repeating,
  ],
  create: (root, folder) => new Openiked(root, folder),
};

/** OpenIKED of Debian 13. */
export const openiked74: Implementation = { ...openiked72, root: "openiked-trixie" };

class Openiked implements Peer {
  readonly #root: PeerRoot;
  readonly #daemon: Daemon;
  readonly #tunnels = new Map<string, Tunnel>();

  constructor(root: PeerRoot, folder: string) {
    this.#root = root;
    this.#daemon = new Daemon(root, join(folder, "iked.log"));
    root.write("/etc/passwd", `root:x:0:0::/:/bin/sh\n_iked:x:900:900::${home}:/bin/false\n`);
    root.write("/etc/group", "root:x:0:\n_iked:x:900:\n");
    root.folder(home);
    // It does not start without a key pair, also where all tunnels have pre-shared keys.
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
    const pem = (type: "sec1" | "spki") => ({ type, format: "pem" }) as const;
    root.write("/etc/iked/private/local.key", String(privateKey.export(pem("sec1"))));
    root.write("/etc/iked/local.pub", String(publicKey.export(pem("spki"))));
  }

  async start(): Promise<void> {
    this.#write();
    this.#daemon.start("/usr/sbin/iked", "-dvv", "-f", configuration);
    await eventually(() => this.#control("show", "sa"), 20_000);
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
    this.#tunnels.set(tunnel.name, tunnel);
    this.#reload();
  }

  async unload({ name, node }: Tunnel): Promise<void> {
    this.#tunnels.delete(name);
    this.#reload();
    this.#control("reset", "id", `FQDN/${node.id}`);
  }

  /** Resolves once iked has initiated. */
  async initiate({ name }: Tunnel): Promise<void> {
    this.#reload(name);
    await pause(initiatesMs);
  }

  async deleteIke({ node }: Tunnel): Promise<void> {
    this.#control("reset", "id", `FQDN/${node.id}`);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }

  #reload(active?: string): void {
    this.#write(active);
    this.#control("reload");
  }

  #write(active?: string): void {
    const policies = [...this.#tunnels.values()].map((tunnel) =>
      policyOf(tunnel, tunnel.name === active),
    );
    this.#root.write(configuration, `set fragmentation\n${policies.join("")}`);
  }

  #control(...args: string[]): string {
    return this.#root.run("/usr/sbin/ikectl", ...args);
  }
}

function policyOf(tunnel: Tunnel, isActive: boolean): string {
  const { name, node, peer, ike, esp, key, peerRekeys } = tunnel;
  const pairs = peer.networks.flatMap((from) => node.networks.map((to) => `from ${from} to ${to}`));
  const words = [
    `ikev2 "${name}" ${isActive ? "active" : "passive"} esp`,
    ...pairs,
    `local ${peer.address} peer ${node.address}`,
    `ikesa ${transformsOf(ike)}${ike.integrity === undefined ? "" : ` prf ${hashes[ike.integrity]}`}`,
    `childsa ${transformsOf(esp)} noesn`,
    `srcid ${peer.id} dstid ${node.id}`,
    ...(peerRekeys?.ike === undefined ? [] : [`ikelifetime ${peerRekeys.ike}`]),
    ...(peerRekeys?.child === undefined ? [] : [`lifetime ${peerRekeys.child}`]),
    `psk "${key}"`,
  ];
  return `${words.join(" ")}\n`;
}

const ciphers = {
  aes128: "aes-128",
  aes256: "aes-256",
  aes128gcm16: "aes-128-gcm",
  aes256gcm16: "aes-256-gcm",
};
const hashes = { sha256: "hmac-sha2-256", sha512: "hmac-sha2-512" };

function transformsOf({ encryption, integrity, group }: Suite): string {
  const auth = integrity === undefined ? "" : ` auth ${hashes[integrity]}`;
  return `enc ${ciphers[encryption]}${auth} group ${group ?? "none"}`;
}
