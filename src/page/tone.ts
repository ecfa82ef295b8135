/** How a state is to look: as its meaning is, whichever machine has it. */
export type Tone = "idle" | "busy" | "good" | "change" | "bad" | "end";

const tones: Readonly<Record<string, Tone>> = {
  pending: "idle",
  absent: "idle",
  loading: "busy",
  replacing: "busy",
  negotiating: "busy",
  connecting: "busy",
  stale: "busy",
  configuring: "busy",
  established: "good",
  connected: "good",
  ready: "good",
  reachable: "good",
  asking: "busy",
  unreachable: "bad",
  rekeying: "change",
  moving: "change",
  closed: "bad",
  failed: "bad",
  degraded: "bad",
  terminating: "end",
  gone: "end",
};

/** @param state with those inside it, the innermost of which that has a meaning counts */
export function toneOf(state: string): Tone {
  const known = state.split(/[. ]/).findLast((name) => name in tones);
  return tones[known ?? ""] ?? "idle";
}
