import type { AnyEventObject, AnyMachineSnapshot, AnyStateMachine } from "xstate";
import type { CharonContext } from "../../machines/charon.ts";
import type { ChildContext } from "../../machines/child/child-types.ts";
import type { PathContext } from "../../machines/path/path-types.ts";
import type {
  ConnectionContext,
  ConnectionEvent,
} from "../../machines/connection/connection-types.ts";
import type { FailoverContext } from "../../machines/failover/failover-types.ts";
import type { FloatingContext } from "../../machines/floating/floating-types.ts";
import { servicesStatus } from "../status/services-status.ts";
import type { GatewayContext } from "../../machines/gateway/gateway-types.ts";
import type { ProbeContext } from "../../machines/probe.ts";
import { formatAddress } from "../../model/net/address.ts";
import { formatPrefix } from "../../model/net/prefix.ts";
import { natLines } from "../../model/translation/child-nat.ts";
import type { ChildSa, IkeSa } from "../../model/charon/sa.ts";
import { pathFacts } from "../status/path-status.ts";
import { pathLine } from "./shown-paths.ts";
import type { ShownEvent } from "./wire.ts";

type VisibleContext = Readonly<Record<string, unknown>>;

/**
 * The fields of a context that may be shown, by the machine's id. Only fields that are named
 * here leave the process; a field that is added to a context later does not.
 */
const contexts: Readonly<Record<string, (context: never) => VisibleContext>> = {
  charon: ({ attempt, failure, recurrence }: CharonContext) => ({ attempt, failure, recurrence }),
  connection: (context: ConnectionContext) => {
    const { connection, paths, active, dialled } = context;
    const several = pathFacts(context);
    const only = paths.map(({ path, state }) => `${path} ${state}`);
    return {
      id: connection.id,
      generation: connection.generation,
      paths: several.length > 0 ? several.map(pathLine) : only,
      active,
      dialled,
      holdsAddress: context.choice.address.holds,
      failure: paths.find(({ path }) => path === active)?.failure,
    };
  },
  failover: (context: FailoverContext) => ({ ...context }),
  floating: ({ connection, floating, wanted, failure, attempt }: FloatingContext) => ({
    connection: connection.id,
    address: formatPrefix(floating.prefix),
    wanted,
    attempt,
    failure,
  }),
  path: ({ path, connection, ...context }: PathContext) => ({
    connection: connection.id,
    path,
    remote: connection.remoteAddr,
    charonReady: context.charonReady,
    hasSecret: context.secretRevision !== undefined,
    ikeSas: context.ikeSas.map(shownIkeSa),
    outdated: context.outdated,
    omitted: context.omitted,
    attempt: context.attempt,
    failure: context.failure,
    recurrence: context.recurrence,
    tried: context.tried,
  }),
  child: ({ child, sas, ...context }: ChildContext) => ({
    connection: context.connection.id,
    child: child.key,
    ifId: child.ifId,
    loaded: context.loaded,
    busy: context.busy,
    sas: sas.map(shownChildSa),
    attempt: context.attempt,
    failure: context.failure,
    hint: context.hint,
    recurrence: context.recurrence,
    tried: context.tried,
  }),
  probe: ({ order, gateway }: ProbeContext) => ({
    target: formatAddress(order.target),
    pace: order.pace.kind,
    intervalMs: order.pace.restMs,
    netns: gateway?.netns,
  }),
  gateway: ({ child, gateway, workers, services, ...context }: GatewayContext) => ({
    connection: context.connection.id,
    child: child.key,
    netns: gateway?.netns,
    nat: child.nat && natLines(child),
    workers: workers.map(({ id, address }) => ({ id, address: formatPrefix(address) })),
    ...(services !== undefined && { services: servicesStatus(services) }),
    tunnel: context.tunnel,
    applied: context.applied,
    attempt: context.attempt,
    failure: context.failure,
    recurrences: context.recurrences,
  }),
};

/** The fields of a snapshot's context that may be shown; none for an unknown machine. */
export function shownContext({ machine, context }: AnyMachineSnapshot): VisibleContext {
  return contexts[machine.id]?.(context as never) ?? {};
}

/** An event's type, with those of its other fields that are known to be harmless. */
export function shownEvent(event: AnyEventObject): ShownEvent {
  const known = event as ConnectionEvent;
  const { type } = event;
  if (known.type === "sas.listed") return { type, ikeSas: known.ikeSas.map(shownIkeSa) };
  if (known.type === "peer.notified") return { type, failure: known.failure };
  if (known.type === "spec.changed") return { type, generation: known.connection.generation };
  return { type };
}

const definitions = new WeakMap<AnyStateMachine, string>();

/** A chart as JSON, without its context, whose literals would be shown as they are. */
export function definitionOf(machine: AnyStateMachine): string {
  const known =
    definitions.get(machine) ?? JSON.stringify({ ...machine.config, context: undefined });
  definitions.set(machine, known);
  return known;
}

function shownIkeSa({ children, ...sa }: IkeSa): VisibleContext {
  const { uniqueId, state, localId, remoteId, localHost, remoteHost, keyExchange, tasks } = sa;
  const shown = { uniqueId, state, localId, remoteId, localHost, remoteHost, keyExchange, tasks };
  return { ...shown, children: children.map(shownChildSa) };
}

function shownChildSa(sa: ChildSa): VisibleContext {
  const { name, uniqueId, state, ifId, encryption, integrity, encapsulated } = sa;
  const { keyExchange, localSelectors, remoteSelectors } = sa;
  const shown = { name, uniqueId, state, ifId, encryption, integrity, keyExchange, encapsulated };
  return { ...shown, localSelectors, remoteSelectors };
}
