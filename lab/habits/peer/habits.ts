import type { NotifyName } from "../codec/numbers.ts";
import type { Purpose } from "./purpose.ts";

/** The answer to a request in place of consent. */
export type PurposeRefusal = NotifyName | "silence";

/** How a peer behaves; without any habit it consents to everything that it can. */
export interface Habits {
  readonly refuses?: Readonly<Partial<Record<Purpose, PurposeRefusal>>>;
  /** Takes the first network of each side only. */
  readonly narrows?: true;
  /** Refuses more than one network of either side with SINGLE_PAIR_REQUIRED. */
  readonly singlePair?: true;
  /** Seconds until the initiator has to reauthenticate; the peer ends the IKE SA afterwards. */
  readonly authLifetime?: number;
  /** Ends each CHILD SA, or its IKE SA, as soon as it is up. */
  readonly ends?: "child" | "ikeSa";
}

/** The habits of a peer at a request. */
export type HabitSource = (purpose: Purpose) => Habits;

const consents: readonly Habits[] = [
  {},
  { narrows: true },
  { singlePair: true },
  { ends: "child" },
  { ends: "ikeSa" },
];

const childRefusals = [
  "NO_PROPOSAL_CHOSEN",
  "TS_UNACCEPTABLE",
  "SINGLE_PAIR_REQUIRED",
  "NO_ADDITIONAL_SAS",
] as const;

/** The refusals that peers use at each request. */
const refusals: Readonly<Record<Purpose, readonly PurposeRefusal[]>> = {
  ikeSa: ["NO_PROPOSAL_CHOSEN", "INVALID_KE_PAYLOAD", "silence"],
  authentication: ["AUTHENTICATION_FAILED", "TEMPORARY_FAILURE", "silence"],
  firstChild: childRefusals,
  newChild: [...childRefusals, "INVALID_KE_PAYLOAD", "TEMPORARY_FAILURE", "silence"],
  childRekey: ["NO_PROPOSAL_CHOSEN", "INVALID_KE_PAYLOAD", "CHILD_SA_NOT_FOUND", "silence"],
  ikeRekey: ["NO_PROPOSAL_CHOSEN", "INVALID_KE_PAYLOAD", "NO_ADDITIONAL_SAS", "silence"],
};

/** Other habits at each request, in an order that the seed decides. */
export function randomHabits(seed: number): HabitSource {
  const random = generator(seed);
  return (purpose) => {
    const choices = [
      ...consents,
      ...refusals[purpose].map((refusal): Habits => ({ refuses: { [purpose]: refusal } })),
    ];
    return choices[Math.floor(random() * choices.length)] ?? {};
  };
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
