/** A state of a chart, with those inside it. */
export interface ChartState {
  /** Path from the machine's own name: `child.negotiating.waiting`. */
  readonly id: string;
  readonly name: string;
  readonly description: string | undefined;
  /** The public state that the chart gives it as a tag. */
  readonly publicState: string | undefined;
  /** The actors that run while the state is active: calls, and actors for life. */
  readonly invokes: readonly string[];
  readonly isFinal: boolean;
  /** The id of the inner state that is entered first. */
  readonly initial: string | undefined;
  readonly states: readonly ChartState[];
}

export interface ChartTransition {
  readonly source: string;
  readonly target: string;
  /** XState's event type: `sas.listed`, `xstate.done.actor.load`; empty if it needs no event. */
  readonly event: string;
  /** For people: `done: load`, `after backoff`, `always [installed]`. */
  readonly label: string;
}

/** A machine as it is drawn, without transitions that stay in their state. */
export interface Chart {
  readonly root: ChartState;
  readonly transitions: readonly ChartTransition[];
}

/** The drawn parts of a machine's definition, which is XState's `config` as JSON. */
interface Config {
  readonly id?: string;
  readonly type?: string;
  readonly description?: string;
  readonly tags?: Several<string>;
  readonly initial?: string;
  readonly states?: Readonly<Record<string, Config>>;
  readonly on?: Readonly<Record<string, Several<Target>>>;
  readonly after?: Readonly<Record<string, Several<Target>>>;
  readonly always?: Several<Target>;
  readonly onDone?: Several<Target>;
  readonly invoke?: Several<Invoke>;
}

interface Invoke {
  readonly id?: string;
  readonly src?: string;
  readonly onDone?: Several<Target>;
  readonly onError?: Several<Target>;
}

type Target = string | { readonly target?: string | readonly string[]; readonly guard?: unknown };
type Several<T> = T | readonly T[];

/** Parses a machine's definition. */
export function chartOf(definition: string): Chart {
  const config = JSON.parse(definition) as Config;
  const id = config.id ?? "machine";
  const transitions: ChartTransition[] = [];
  return { root: stateOf(config, id, id, undefined, transitions), transitions };
}

function stateOf(
  config: Config,
  id: string,
  name: string,
  parent: string | undefined,
  found: ChartTransition[],
): ChartState {
  found.push(...transitionsFrom(config, id, parent));
  return {
    id,
    name,
    description: config.description,
    publicState: list(config.tags)[0],
    invokes: list(config.invoke).map((invoke) => invoke.id ?? invoke.src ?? "a call"),
    isFinal: config.type === "final",
    initial: config.initial === undefined ? undefined : `${id}.${config.initial}`,
    states: Object.entries(config.states ?? {}).map(([key, inner]) =>
      stateOf(inner, `${id}.${key}`, key, id, found),
    ),
  };
}

function transitionsFrom(config: Config, id: string, parent: string | undefined) {
  const leading = (event: string, label: string, targets: Several<Target> | undefined) =>
    list(targets).flatMap((target) => {
      const { target: to, guard } = typeof target === "string" ? { target } : target;
      const guarded = guardName(guard);
      return list(to).map((name) => ({
        source: id,
        target: resolved(name, id, parent),
        event,
        label: guarded === undefined ? label : `${label} [${guarded}]`,
      }));
    });
  const invokes = list(config.invoke).flatMap(({ id: own, src, onDone, onError }, i) => {
    const call = own ?? `${i}.${id}`;
    const shown = own ?? src ?? "a call";
    return [
      ...leading(`xstate.done.actor.${call}`, `done: ${shown}`, onDone),
      ...leading(`xstate.error.actor.${call}`, `error: ${shown}`, onError),
    ];
  });
  return [
    ...Object.entries(config.on ?? {}).flatMap(([event, to]) => leading(event, event, to)),
    ...Object.entries(config.after ?? {}).flatMap(([delay, to]) =>
      leading(`xstate.after.${delay}.${id}`, `after ${delay}`, to),
    ),
    ...invokes,
    ...leading(`xstate.done.state.${id}`, "done", config.onDone),
    ...leading("", "always", config.always),
  ];
}

/** Resolves as XState does: `#id.path` from the machine, `.path` from the state, else from its parent. */
function resolved(target: string, id: string, parent: string | undefined): string {
  if (target.startsWith("#")) return target.slice(1);
  if (target.startsWith(".")) return `${id}${target}`;
  return `${parent ?? id}.${target}`;
}

function guardName(guard: unknown): string | undefined {
  if (typeof guard === "string") return guard;
  return (guard as { readonly type?: string } | undefined)?.type;
}

function list<T>(items: Several<T> | undefined): readonly T[] {
  if (items === undefined) return [];
  return Array.isArray(items) ? (items as readonly T[]) : [items as T];
}

/**
 * The ids of a machine's active states, outermost first.
 *
 * @param value XState's state value: `"pending"`, `{ negotiating: "waiting" }`
 */
export function activeStates(machine: string, value: unknown): string[] {
  if (typeof value === "string") return [machine, `${machine}.${value}`];
  const inner = Object.entries((value ?? {}) as Readonly<Record<string, unknown>>);
  return [machine, ...inner.flatMap(([name, below]) => activeStates(`${machine}.${name}`, below))];
}

/** A state and all states inside it, every state before its inner ones. */
export function statesIn(state: ChartState): ChartState[] {
  return [state, ...state.states.flatMap(statesIn)];
}
