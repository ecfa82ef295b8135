import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assign, type AnyEventObject } from "xstate";
import { failoverMachine } from "../../../src/machines/failover/failover.ts";
import type {
  FailoverContext,
  FailoverInput,
} from "../../../src/machines/failover/failover-types.ts";
import { coversItsChart } from "./covers.ts";
import {
  claims,
  decisions,
  drains,
  floats,
  losses,
  moves,
  relocates,
  returns,
  spreads,
} from "./failover-nodes.walks.ts";
import { edgesOf, never, nodesOf, type Walk } from "./graph.ts";

const planned = { holdSeconds: 60, failback: "planned" } as const;
const staying = { holdSeconds: 60, failback: "never" } as const;

const declares = (settings: FailoverInput["settings"], ...paths: readonly string[]) => ({
  type: "paths.declared",
  paths,
  warm: [],
  settings,
});

/** The context with the decision that was reported last. */
interface Reported extends FailoverContext {
  readonly reported: Pick<FailoverContext, "active" | "dialled">;
}

/** Records the decision in place of a parent, which the graph does not have. */
const report = assign(({ context: { active, dialled } }) => ({
  reported: { active, dialled },
})) as never;

const walkOf = (
  paths: readonly string[],
  events: readonly AnyEventObject[],
  { charonReady = true, warm = [] }: Partial<FailoverInput> = {},
  unknown: readonly string[] = ["x"],
): Walk => ({
  machine: failoverMachine.provide({
    actions: { report },
    delays: { grace: 1_000, turn: 10_000, hold: never, proof: never, rest: never },
  }),
  input: { paths, warm, settings: planned, up: [], charonReady },
  events: [
    ...[...paths, ...unknown].flatMap((path) =>
      ["path.up", "path.down", "path.failed"].map((type) => ({ type, path })),
    ),
    { type: "charon.lost" },
    { type: "charon.ready" },
    { type: "path.renewed", path: "a" },
    ...events,
  ],
  facts: ({ charonReady, reported, ...context }: Reported) => [
    [context.paths, context.settings.failback, charonReady, context.up.toSorted()],
    [context.active, context.dialled, context.cause === "failback", reported],
    [context.tried.toSorted(), Math.min(context.circle, 1)],
    [context.returned, context.renewed, Math.min(context.setbacks, 1)],
    [context.ready.toSorted(), context.silent, Math.min(context.rests, 1)],
    context.silences.unanswered > context.paths.length,
  ],
  errors: [],
});

const two = () =>
  walkOf(
    ["a", "b"],
    [
      { type: "move" },
      declares(planned, "a", "b"),
      declares(planned, "b", "a"),
      declares(planned, "x", "b"),
      declares(staying, "a", "b"),
    ],
  );

const three = () =>
  walkOf(
    ["a", "b", "c"],
    [{ type: "move" }, { type: "move", path: "c" }, { type: "move", path: "x" }],
    { charonReady: false },
  );

/** Two paths of which the first keeps an IKE SA, and a host behind them that may be silent. */
const probed = () =>
  walkOf(
    ["a", "b"],
    [
      { type: "path.ready", path: "a" },
      { type: "path.unready", path: "a" },
      ...["a", "b"].flatMap((path) =>
        ["path.silent", "path.answers"].map((type) => ({ type, path })),
      ),
      { type: "path.unjudged", path: "a" },
      { type: "move" },
    ],
    { warm: ["a"] },
    [],
  );

const declaredWhileSilent = () =>
  walkOf(["a", "b"], [{ type: "path.silent", path: "a" }, declares(staying, "a", "b")], {}, []);

/** The invariant that an edge violates, if any. */
function flawOf(before: FailoverContext, event: AnyEventObject, after: Reported) {
  const { paths, active, dialled, up, charonReady } = after;
  if (!paths.includes(active)) return "the active path is not declared";
  if (dialled === active || (dialled !== undefined && !paths.includes(dialled)))
    return "the dialled path is not another declared one";
  if (up.some((path) => !paths.includes(path))) return "a path is up that is not declared";
  if (up.length > 0 && dialled !== undefined && up.includes(dialled))
    return "a dialled path is up and not active";
  if (charonReady && (after.reported.active !== active || after.reported.dialled !== dialled))
    return "the last decision that was reported is not that of the context";
  const wasHealthy = before.charonReady && charonReady && before.up.includes(before.active);
  const isHealthy = wasHealthy && !(event.type === "path.down" && event["path"] === before.active);
  const isPlanned = ["move", "failback", "removed", "unreachable"].includes(after.cause);
  const isSilent =
    before.silent || (event.type === "path.silent" && event["path"] === before.active);
  if (after.cause === "unreachable" && before.active !== active && !isSilent)
    return "a path is left as silent of which a probe is answered";
  if (isHealthy && before.active !== active && !isPlanned) return "a healthy path is left";
  return undefined;
}

/** The flaws of all edges, each with the context before, the event and the context after. */
function flawsOf(walk: Walk): string[] {
  return edgesOf(walk).flatMap(({ state, event, nextState }) => {
    const after = nextState.context as Reported;
    const flaw = flawOf(state.context as Reported, event, after);
    if (flaw === undefined) return [];
    const parts = [state.value, state.context, event, nextState.value, after];
    return [`${flaw}: ${parts.map((part) => JSON.stringify(part)).join("\n  ")}`];
  });
}

describe("the failover machine on generated paths", () => {
  const ofNodes = [decisions, losses, claims, moves, drains, spreads, relocates, returns, floats];
  coversItsChart(two, three, probed, declaredWhileSilent, ...ofNodes);

  for (const [count, walk] of [two(), three(), probed()].entries()) {
    it(`keeps its active path declared, reported and healthy (walk ${count + 1})`, (t) => {
      t.diagnostic(`${edgesOf(walk).length} edges`);
      assert.deepEqual(flawsOf(walk).slice(0, 3), []);
    });
  }

  it("has an active path that is up while steady, silent or moving, and in no other state", () => {
    const states = [two(), three(), probed()].flatMap((walk) =>
      edgesOf(walk).map((edge) => edge.nextState),
    );
    for (const { value, context } of states) {
      const { up, active } = context as FailoverContext;
      const name = typeof value === "string" ? value : Object.keys(value)[0];
      if (name === "suspended") continue;
      const carries = ["steady", "silent", "moving"].includes(name ?? "");
      assert.equal(up.includes(active), carries, name);
      if (name === "doubtful" || name === "dialling") assert.deepEqual(up, [], name);
    }
  });

  it("has a description of each state", () => {
    const [root, ...states] = nodesOf(failoverMachine.root as never);
    assert.equal(root?.id, "failover");
    for (const { id, description } of states) assert.ok(description, id);
  });
});
