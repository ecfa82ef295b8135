import { assign, type AnyEventObject } from "xstate";
import { failoverMachine } from "../../../src/machines/failover/failover.ts";
import type {
  FailoverContext,
  FailoverInput,
} from "../../../src/machines/failover/failover-types.ts";
import { never, type Walk } from "./graph.ts";

const settings = { holdSeconds: 60, failback: "planned" } as const;

/** The context with the decision that was reported last. */
export interface Reported extends FailoverContext {
  readonly reported: Pick<FailoverContext, "active" | "dialled" | "epoch"> | undefined;
}

/** Records the decision in place of a parent, which the graph does not have. */
const report = assign(({ context: { active, dialled, epoch } }) => ({
  reported: { active, dialled, epoch },
})) as never;

const delays = Object.fromEntries(
  "grace turn attempt rest hold calm proof settling confirmation claim orphaned deserted"
    .split(" ")
    .map((name) => [name, never]),
);

const heard = (epoch: number, active: string, changes: object = {}) => ({
  type: "decision.heard",
  epoch,
  active,
  dialled: undefined,
  cause: "lost",
  leading: true,
  from: ["b"],
  ...changes,
});

const declares = (here: readonly string[] | undefined, ...paths: readonly string[]) => ({
  type: "paths.declared",
  paths,
  warm: [],
  settings,
  here,
});

const walkOf = (events: readonly AnyEventObject[], input: Partial<FailoverInput> = {}): Walk => ({
  machine: failoverMachine.provide({ actions: { report }, delays }),
  input: {
    paths: ["a", "b"],
    warm: ["b"],
    settings,
    up: [],
    charonReady: true,
    here: ["a"],
    peersKnown: true,
    ...input,
  },
  events,
  facts: ({ reported, ...context }: Reported) => [
    [context.paths, context.here, context.charonReady, context.peersKnown],
    [context.active, context.dialled, context.cause === "failback", Math.min(context.epoch, 4)],
    [context.up.toSorted(), context.ready.toSorted(), context.absent, context.silent],
    context.answered,
    [context.leaving.toSorted(), context.cause === "drain"],
    [context.tried.toSorted(), Math.min(context.circle, 1), context.confirmed, context.handed],
    context.pausing,
    [context.cause === "unreachable", reported?.active, reported?.dialled],
    [reported === undefined, reported?.epoch === context.epoch, context.silences.unanswered > 2],
    [context.renewed, context.returned, Math.min(context.setbacks, 1), Math.min(context.rests, 1)],
  ],
  errors: [],
});

const up = ["a", "b"].flatMap((path) => ["path.up", "path.down"].map((type) => ({ type, path })));
const presence = ["path.absent", "path.present"].map((type) => ({ type, path: "b" }));

/** The paths a here and b elsewhere, and the decisions of the agent of b. */
export const decisions = () =>
  walkOf(
    [
      ...["path.up", "path.down", "path.failed"].map((type) => ({ type, path: "a" })),
      ...presence,
      { type: "peers.known" },
      heard(1, "b"),
      heard(1, "b", { dialled: "a", cause: "failback" }),
      heard(1, "b", { leading: false }),
      heard(1, "a"),
      heard(3, "a", { leading: false }),
      heard(9, "x"),
      declares(undefined, "a", "b"),
    ],
    { peersKnown: false },
  );

/** The same paths, with losses of charon here. */
export const losses = () =>
  walkOf([
    { type: "path.up", path: "a" },
    ...["path.ready", "path.unready"].map((type) => ({ type, path: "b" })),
    ...presence,
    ...["path.answers", "path.silent", "path.unjudged"].map((type) => ({ type, path: "a" })),
    heard(1, "b"),
    heard(1, "b", { dialled: "a", cause: "move" }),
    heard(3, "b", { leading: false }),
    { type: "charon.lost" },
    { type: "charon.ready" },
  ]);

/** Claims of the path a, with the pause after one. */
export const claims = () =>
  walkOf([
    { type: "path.up", path: "a" },
    ...presence,
    heard(1, "b"),
    heard(3, "b"),
    { type: "pause.ended" },
    { type: "claims.ended" },
  ]);

/** Moves between both paths. */
export const moves = () =>
  walkOf([
    ...up,
    ...presence,
    { type: "path.failed", path: "b" },
    { type: "path.silent", path: "a" },
    { type: "path.answers", path: "a" },
    { type: "move" },
    heard(9, "b", { cause: "failback" }),
  ]);

/** Both groups leave and stay. */
export const drains = () =>
  walkOf([
    ...["path.up", "path.down"].map((type) => ({ type, path: "a" })),
    ...["path.up", "path.ready", "path.failed"].map((type) => ({ type, path: "b" })),
    ...["a", "b"].flatMap((path) => ["path.leaves", "path.stays"].map((type) => ({ type, path }))),
    { type: "move" },
    { type: "charon.lost" },
    { type: "charon.ready" },
    heard(3, "b", { cause: "drain" }),
    heard(3, "b", { dialled: "a", cause: "drain" }),
  ]);

/** A declaration that gives the paths of one group to two, and back. */
export const spreads = () =>
  walkOf(
    [
      { type: "path.up", path: "a" },
      { type: "path.down", path: "a" },
      { type: "path.silent", path: "a" },
      { type: "move" },
      { type: "charon.lost" },
      { type: "charon.ready" },
      declares(undefined, "a", "b"),
      declares(["a"], "a", "b"),
      declares(["b"], "a", "b"),
      declares(["b"], "b"),
    ],
    { here: undefined },
  );

/** A declaration that gives the active path to another group. */
export const relocates = () =>
  walkOf([
    { type: "path.up", path: "a" },
    { type: "path.down", path: "a" },
    { type: "move" },
    declares(["b"], "a", "b"),
    declares(["a"], "a", "b"),
  ]);

/** A path here that is not preferred, and the return to the preferred one elsewhere. */
export const returns = () =>
  walkOf(
    [
      ...["path.up", "path.down", "path.ready", "path.unready"].map((type) => ({
        type,
        path: "b",
      })),
      { type: "path.up", path: "a" },
      ...["path.absent", "path.present", "path.leaves", "path.stays"].map((type) => ({
        type,
        path: "b",
      })),
    ],
    { paths: ["b", "a"] },
  );

/** The paths a and c here and b elsewhere, which cannot be dialled before it is active. */
export const floats = () =>
  walkOf(
    [
      ...["path.up", "path.down", "path.silent", "path.answers"].map((type) => ({
        type,
        path: "a",
      })),
      { type: "path.up", path: "c" },
      { type: "move", path: "b" },
      { type: "move", path: "c" },
      heard(9, "b", { cause: "failback" }),
    ],
    { paths: ["b", "a", "c"], here: ["a", "c"], warm: [], exclusive: true },
  );

const deciding: ReadonlySet<string> = new Set([
  "steady",
  "silent",
  "doubtful",
  "dialling",
  "moving",
]);

/** The invariant of several groups that an edge violates, if any. */
export function flawOf(
  before: Reported,
  event: AnyEventObject,
  state: string,
  after: Reported,
): string | undefined {
  const { here, active, epoch, reported, paths } = after;
  if (!paths.includes(active)) return "the active path is not declared";
  const isHere = here?.includes(active) ?? true;
  if (deciding.has(state) && !isHere) return "an agent decides about a path elsewhere";
  if (["following", "claiming"].includes(state) && isHere) return "an agent follows itself";
  if (state === "listening" && epoch > 0) return "an agent listens after a decision";
  if (["suspended", "orphaned"].includes(state) || state === "listening") return undefined;
  if (isHere && after.dialled !== undefined && state !== "moving")
    return "an attempt beside the active path has no end";
  if (reported?.active !== active || reported.dialled !== after.dialled)
    return "the last decision that was reported is not that of the context";
  if (here === undefined || before.here === undefined) return undefined;
  if (epoch < before.epoch) return "the epoch falls";
  if (after.dialled !== undefined && isHere && after.leaving.includes(after.dialled))
    return after.silent
      ? undefined
      : "a path of a group that leaves is dialled beside the active one";
  const isChanged = active !== before.active;
  const isHeard = event.type === "decision.heard" && event["epoch"] === epoch;
  if (isChanged && epoch === before.epoch && !isHeard) return "another path has the same epoch";
  if (
    isChanged &&
    isHeard &&
    epoch === before.epoch &&
    paths.indexOf(active) > paths.indexOf(before.active)
  )
    return "a path of a lower rank wins";
  const wasElsewhere = !before.here.includes(before.active);
  const isRefuge = after.cause === "drain" && [before.dialled, event["dialled"]].includes(active);
  const isOwn = ["xstate.after", "path.absent", "paths.declared"].some((type) =>
    event.type.startsWith(type),
  );
  if (isChanged && wasElsewhere && !isHeard && !isOwn && !isRefuge)
    return "an agent that follows decides";
  return undefined;
}
