import type { Session } from "vici-client";
import { Charon, type CharonOptions } from "./charon.ts";
import { mirror, type Mirror } from "./peer.ts";
import { ip } from "./shell.ts";

/** The addresses of the cable to the partner's second gateway. */
export const secondSite = { node: "192.168.2.1", peer: "192.168.2.2" } as const;

const netns = "peer2";

/** Builds the namespace of the second gateway, its cable and the network behind it. */
export function buildSecondSite(): void {
  ip(`netns add ${netns}`);
  ip(`link add wire1 type veth peer name wire1 netns ${netns}`);
  ip(`addr add ${secondSite.node}/24 dev wire1`);
  ip("link set wire1 up");
  ip(`-n ${netns} addr add ${secondSite.peer}/24 dev wire1`);
  ip(`-n ${netns} link set wire1 up`);
  ip(`-n ${netns} link set lo up`);
  ip(`-n ${netns} addr add 10.1.2.1/24 dev lo`);
  ip(`-n ${netns} route add 10.0.0.0/16 dev wire1`);
}

/**
 * The partner's second gateway: a charon of its own, by a cable of its own, with the same networks
 * behind it. {@link TwoSites} removes its namespace.
 */
export class SecondPeer implements AsyncDisposable {
  readonly charon: Charon;
  readonly session: Session;

  private constructor(charon: Charon, session: Session) {
    this.charon = charon;
    this.session = session;
  }

  static async build(folder: string, options: Partial<CharonOptions>): Promise<SecondPeer> {
    buildSecondSite();
    const charon = new Charon({ name: "second-charon", netns, folder, settings: [], ...options });
    await charon.start();
    return new SecondPeer(charon, await charon.session());
  }

  /** Loads this gateway's half of a connection. */
  async mirror(cr: object, changes?: Mirror): Promise<void> {
    await mirror(this.session, cr, changes);
  }

  /** Pulls the cable out, or back in. */
  plug(state: "up" | "down"): void {
    ip(`link set wire1 ${state}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.session.close();
    await this.charon[Symbol.asyncDispose]();
  }
}
