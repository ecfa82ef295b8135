import type { Session } from "vici-client";
import { Charon } from "../../sites/charon.ts";
import { impatient } from "../../sites/two-sites.ts";
import { crossing, repeating, sendingEarly, type Implementation, type Peer } from "../peer.ts";
import type { PeerRoot } from "../peer-root.ts";
import { childKey, proposalOf, type Tunnel } from "../tunnel.ts";

/** strongSwan of Debian 13. */
export const strongswan60: Implementation = {
  name: "strongSwan",
  root: "strongswan-trixie",
  package: "charon-systemd",
  cannot: {},
  faults: {},
  haste: [
    sendingEarly("strongSwan", "node-reauthenticates"),
    { ...repeating, cases: ["peer-reauthenticates", "peer-repeats"] },
    {
      cases: ["both-reauthenticate"],
      note: "each side sends on a new SA before the other one has received its answer, and may send on one that has ended: pings of that moment may be lost",
      habits: ["sendsEarly", "sendsLate", "installsLate", "endsEarly"],
    },
    crossing,
  ],
  create: (root, folder) => new Strongswan(root, folder),
};

/** strongSwan of the testing suite that became the next Debian. */
export const strongswan61: Implementation = { ...strongswan60, root: "strongswan-forky" };

class Strongswan implements Peer {
  readonly #charon: Charon;
  readonly #tunnels = new Map<string, Tunnel>();
  #session: Session | undefined;

  constructor({ path }: PeerRoot, folder: string) {
    const own = { name: "peer-charon", netns: "peer", folder, settings: impatient };
    this.#charon = new Charon({ ...own, root: path });
  }

  async start(): Promise<void> {
    await this.#charon.start();
    this.#session = await this.#charon.session();
    for (const tunnel of this.#tunnels.values()) await this.load(tunnel);
  }

  async kill(): Promise<void> {
    this.#session?.close();
    await this.#charon.stop("SIGKILL");
  }

  pause(): void {
    this.#charon.signal("SIGSTOP");
  }

  resume(): void {
    this.#charon.signal("SIGCONT");
  }

  async load(tunnel: Tunnel): Promise<void> {
    const { name, node, peer, key } = tunnel;
    this.#tunnels.set(name, tunnel);
    const secret = { id: name, type: "IKE", data: key, owners: [node.id, peer.id] };
    await this.#request("load-shared", secret);
    await this.#request("load-conn", { [name]: connectionOf(tunnel) });
  }

  async unload({ name }: Tunnel): Promise<void> {
    this.#tunnels.delete(name);
    await this.#request("unload-conn", { name });
    await this.#request("unload-shared", { id: name });
  }

  async initiate(tunnel: Tunnel): Promise<void> {
    await this.#request("initiate", { ike: tunnel.name, child: childKey(tunnel), timeout: "-1" });
  }

  async rekeyChild(tunnel: Tunnel): Promise<void> {
    await this.#request("rekey", { child: childKey(tunnel) });
  }

  async rekeyIke({ name }: Tunnel): Promise<void> {
    await this.#request("rekey", { ike: name });
  }

  async reauthenticate({ name }: Tunnel): Promise<void> {
    await this.#request("rekey", { ike: name, reauth: "yes" });
  }

  async deleteChild(tunnel: Tunnel): Promise<void> {
    await this.#request("terminate", { child: childKey(tunnel) });
  }

  async deleteIke({ name }: Tunnel): Promise<void> {
    await this.#request("terminate", { ike: name });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  async #request(...request: Parameters<Session["request"]>): Promise<void> {
    if (this.#session === undefined) throw new Error("charon does not run");
    await this.#session.request(...request);
  }
}

function connectionOf(tunnel: Tunnel) {
  const { node, peer, ike, esp, peerReauthenticates = 0 } = tunnel;
  return {
    version: "2",
    local_addrs: [peer.address],
    remote_addrs: [node.address],
    proposals: [proposalOf(ike)],
    rekey_time: "0s",
    reauth_time: `${peerReauthenticates}s`,
    over_time: "60s",
    rand_time: "0s",
    local: { auth: "psk", id: peer.id },
    remote: { auth: "psk", id: node.id },
    children: {
      [childKey(tunnel)]: {
        local_ts: [...peer.networks],
        remote_ts: [...node.networks],
        esp_proposals: [proposalOf(esp)],
        rekey_time: "0s",
      },
    },
  };
}
