import type { HastyHabit } from "../sites/drops.ts";
import type { CaseName } from "./cases/case-names.ts";
import type { PeerRoot } from "./peer-root.ts";
import type { Tunnel } from "./tunnel.ts";

/** An IKE daemon as the node's peer, in the namespace `peer`. */
export interface Peer extends AsyncDisposable {
  /** Starts the daemon with the tunnels that were loaded; resolves once it answers. */
  start(): Promise<void>;
  /** Kills it; its SAs stay in the kernel. */
  kill(): Promise<void>;
  /** Stops every process of the daemon until {@link resume}. */
  pause(): void;
  resume(): void;
  /** Adds a tunnel, which does not initiate by itself. */
  load(tunnel: Tunnel): Promise<void>;
  /** Removes a tunnel with its SAs. */
  unload(tunnel: Tunnel): Promise<void>;
  initiate(tunnel: Tunnel): Promise<void>;
  /**
   * Commands about the SAs of a tunnel that is up. A peer without those to rekey does it by itself,
   * after the time of {@link Tunnel.peerRekeys}.
   */
  rekeyChild?(tunnel: Tunnel): Promise<void>;
  rekeyIke?(tunnel: Tunnel): Promise<void>;
  /** A peer without this one does it by itself, after {@link Tunnel.peerReauthenticates}. */
  reauthenticate?(tunnel: Tunnel): Promise<void>;
  deleteChild?(tunnel: Tunnel): Promise<void>;
  deleteIke(tunnel: Tunnel): Promise<void>;
}

/** Habits of a peer that lose packets when a CHILD SA is replaced. */
export interface Haste {
  /** The cases that show it. */
  readonly cases: readonly CaseName[];
  readonly note: string;
  readonly habits: readonly HastyHabit[];
  /** The longest time without an SA; milliseconds. The peer ends one before it negotiates the next. */
  readonly gapMs?: number;
}

/** A peer that answers sends on the new SA at once. */
export function sendingEarly(name: string, ...cases: readonly CaseName[]): Haste {
  const note = `${name} sends on the new SA before charon has received its answer: pings of that moment may be lost`;
  return { cases, note, habits: ["sendsEarly"] };
}

/** Both sides establish SAs while the worker already sends. */
export const crossing: Haste = {
  cases: ["both-initiate"],
  note: "each side sends on a new SA before the other one has received its answer: pings of that moment may be lost",
  habits: ["sendsEarly", "installsLate"],
};

/** The peer establishes SAs while the worker sends through others. */
export const repeating: Haste = {
  cases: ["peer-repeats"],
  note: "charon sends on the new SA before the peer has received its answer: pings of that moment may be lost",
  habits: ["installsLate"],
};

/** An implementation of IKE, of one version. */
export interface Implementation {
  readonly name: string;
  /** The name of its root; see fetch.sh. */
  readonly root: string;
  /** The Debian package that has its version. */
  readonly package: string;
  /** The cases that it cannot take part in, with the reason. */
  readonly cannot: Readonly<Partial<Record<CaseName, string>>>;
  /** How packets are lost when SAs are replaced. No others may be lost. */
  readonly haste: readonly Haste[];
  /** The cases in which ipman does not do with it what the case says, with what it does. */
  readonly faults: Readonly<Partial<Record<CaseName, string>>>;
  /**
   * @param folder for its logs; it has the same path in the root
   * @param netns its network namespace, which is `peer` unless the implementation allows others
   */
  readonly create: (root: PeerRoot, folder: string, netns?: string) => Peer;
}
