import type { SnapshotFrom } from "xstate";
import type { connectionMachine } from "../machines/connection.ts";
import { childActorId } from "../machines/connection-types.ts";
import type { childMachine } from "../machines/child.ts";
import type { gatewayMachine } from "../machines/gateway.ts";
import { Reason, type Failure } from "../model/failure.ts";
import { formatPrefix } from "../model/prefix.ts";
import type { SourceProblem } from "../model/resource.ts";
import type { Supervisor } from "./supervisor.ts";

/** The states that people see; charts have finer ones below them. */
export type State =
  | "pending"
  | "negotiating"
  | "established"
  | "rekeying"
  | "failed"
  | "terminating";

/** One of Kubernetes' conditions, as data. */
export interface Condition {
  readonly type: string;
  readonly status: "True" | "False" | "Unknown";
  readonly reason: string;
  readonly message: string;
}

export interface ChildStatus {
  readonly key: string;
  readonly name: string;
  readonly state: State;
  /** The gateway's chart: absent, configuring, ready, degraded. */
  readonly gateway: string;
  readonly workers: readonly { readonly id: string; readonly address: string }[];
  readonly failure: Failure | undefined;
}

export interface ConnectionStatus {
  readonly id: string;
  readonly name: string;
  readonly remote: string;
  readonly state: State;
  readonly failure: Failure | undefined;
  readonly conditions: readonly Condition[];
  readonly children: readonly ChildStatus[];
  readonly problems: readonly SourceProblem[];
}

/** What `ipman status` shows. */
export interface Status {
  readonly charon: { readonly state: string; readonly failure: Failure | undefined };
  readonly connections: readonly ConnectionStatus[];
  /** Of documents that belong to no connection. */
  readonly problems: readonly SourceProblem[];
}

const stateOfChart: Record<string, State> = {
  pending: "pending",
  loading: "pending",
  replacing: "negotiating",
  negotiating: "negotiating",
  closed: "negotiating",
  established: "established",
  rekeying: "rekeying",
  failed: "failed",
  terminating: "terminating",
  gone: "terminating",
};

/** The state of everything that a supervisor runs. */
export function statusOf(supervisor: Supervisor): Status {
  const { desired, roots, charonSnapshot } = supervisor;
  const running = [...roots].map(([id, root]) =>
    connectionStatus(root.getSnapshot(), desired.problems.get(id) ?? []),
  );
  const refused = [...desired.problems]
    .filter(([id]) => id !== "" && !roots.has(id))
    .map(([id, problems]) => refusedStatus(id, problems));
  return {
    charon: { state: charonState(charonSnapshot.value), failure: charonSnapshot.context.failure },
    connections: [...running, ...refused].toSorted((a, b) => a.id.localeCompare(b.id)),
    problems: desired.problems.get("") ?? [],
  };
}

type ConnectionSnapshot = SnapshotFrom<typeof connectionMachine>;
type ChildSnapshot = SnapshotFrom<typeof childMachine>;

function connectionStatus(
  snapshot: ConnectionSnapshot,
  problems: readonly SourceProblem[],
): ConnectionStatus {
  const { connection, failure } = snapshot.context;
  const children = connection.children.flatMap(({ key }) => {
    const actor = snapshot.children[childActorId(key)];
    return actor === undefined ? [] : [childStatus(actor.getSnapshot() as ChildSnapshot)];
  });
  const state = stateOf(snapshot.value);
  return {
    id: connection.id,
    name: connection.name,
    remote: connection.remoteAddr,
    state,
    failure,
    conditions: conditionsOf({ state, failure, children, problems }),
    children,
    problems,
  };
}

function childStatus(snapshot: ChildSnapshot): ChildStatus {
  const { child, failure } = snapshot.context;
  const gateway = snapshot.children["gateway"]?.getSnapshot() as
    | SnapshotFrom<typeof gatewayMachine>
    | undefined;
  return {
    key: child.key,
    name: child.name,
    state: stateOf(snapshot.value),
    gateway: gateway === undefined ? "absent" : topState(gateway.value),
    workers: (gateway?.context.workers ?? []).map(({ id, address }) => ({
      id,
      address: formatPrefix(address),
    })),
    failure: failure ?? gateway?.context.failure,
  };
}

/** A connection of which no good version was ever seen. */
function refusedStatus(id: string, problems: readonly SourceProblem[]): ConnectionStatus {
  const failure = specFailure(problems);
  const facts = { state: "pending" as const, failure, children: [], problems };
  return { id, name: id, remote: "", ...facts, conditions: conditionsOf(facts) };
}

interface Facts {
  readonly state: State;
  readonly failure: Failure | undefined;
  readonly children: readonly ChildStatus[];
  readonly problems: readonly SourceProblem[];
}

/** Each condition is a named check on the facts; the order is that of cause and effect. */
function conditionsOf(facts: Facts): Condition[] {
  const { state, failure, children, problems } = facts;
  const invalid = specFailure(problems);
  const up = state === "established" || state === "rekeying";
  const down = children.find(
    (child) => child.state !== "established" && child.state !== "rekeying",
  );
  const blocked = children.find(
    (child) => child.gateway !== "ready" && child.gateway !== "configuring",
  );
  return [
    check("SpecValid", invalid === undefined, invalid, "the document is valid"),
    check(
      "GatewayReady",
      blocked === undefined,
      blocked && gatewayFailure(blocked),
      "every gateway is in place",
    ),
    check("Established", up, failure, "the IKE SA is up"),
    check(
      "Ready",
      up && down === undefined && blocked === undefined && children.length > 0,
      failure ?? down?.failure ?? (blocked && gatewayFailure(blocked)) ?? invalid,
      "every child carries traffic",
    ),
  ];
}

function check(
  type: string,
  holds: boolean,
  failure: Failure | undefined,
  message: string,
): Condition {
  if (holds) return { type, status: "True", reason: type, message };
  return {
    type,
    status: "False",
    reason: failure?.reason ?? "InProgress",
    message: failure?.message ?? "it is being brought up",
  };
}

function gatewayFailure(child: ChildStatus): Failure {
  return (
    child.failure ?? {
      reason: Reason.GatewayNotReady,
      message: `the gateway of ${child.key} is ${child.gateway}`,
      retryable: true,
    }
  );
}

function specFailure(problems: readonly SourceProblem[]): Failure | undefined {
  if (problems.length === 0) return undefined;
  const message = problems.map(({ path, message }) => `${path}: ${message}`).join("; ");
  return { reason: Reason.SpecInvalid, message, retryable: false };
}

function stateOf(value: unknown): State {
  return stateOfChart[topState(value)] ?? "pending";
}

/** Of a charon that is connected, how far that is: `pruning`, `synchronising`, `ready`. */
function charonState(value: unknown): string {
  const nested = (value as { connected?: unknown }).connected;
  return nested === undefined ? topState(value) : topState(nested);
}

/** `negotiating` of `{ negotiating: "waiting" }`. */
function topState(value: unknown): string {
  return typeof value === "string" ? value : (Object.keys(value as object)[0] ?? "");
}
