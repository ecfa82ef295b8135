/** The appearance of a state, by its meaning, for all machines. */
export type Tone = "idle" | "busy" | "good" | "change" | "bad" | "end";

const tones: Readonly<Record<string, Tone>> = {
  // Public states of connections and children.
  pending: "idle",
  negotiating: "busy",
  established: "good",
  rekeying: "change",
  failed: "bad",
  terminating: "end",
  // charon; a probe is waiting as well.
  connecting: "busy",
  waiting: "busy",
  pruning: "busy",
  synchronising: "busy",
  // Gateways; charon is ready as well.
  absent: "idle",
  stale: "busy",
  unsteady: "busy",
  configuring: "busy",
  ready: "good",
  degraded: "bad",
  // Probes.
  reachable: "good",
  unreachable: "bad",
};

/** @param shown an actor's state as lists show it */
export function toneOf(shown: string): Tone {
  return tones[shown] ?? "idle";
}
