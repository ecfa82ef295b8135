import type { Condition } from "../../model/status/condition.ts";
import type { ConditionType } from "../../model/status/condition-types.ts";
import { failure, Reason, type Failure } from "../../model/status/failure.ts";
import type { SourceProblem } from "../../model/api/resource.ts";
import { condition, first, firstLack, judged, summary, type Check } from "./checks.ts";
import { limited } from "./limited.ts";
import { nearLimit } from "./near-limit.ts";
import { redundant, type StandbyFacts } from "./redundancy.ts";
import type { PeerLimits } from "../../model/status/peer-limits.ts";
import { isUp, type PublicState } from "../../model/status/public-state.ts";
import type { ChildStatus } from "../../model/status/status.ts";

export { isUp } from "../../model/status/public-state.ts";

/** The facts that decide the conditions of a connection. */
export interface ConnectionFacts {
  readonly state: PublicState;
  readonly failure: Failure | undefined;
  readonly children: readonly ChildFacts[];
  /** The paths of a connection with several. */
  readonly paths?: readonly StandbyFacts[] | undefined;
  /** The limits of the peer that were seen. */
  readonly limits?: PeerLimits | undefined;
  readonly problems: readonly SourceProblem[];
  readonly hasSecret: boolean;
  /** Why the present key cannot be used, if so. Established SAs stay up. */
  readonly keyFailure: Failure | undefined;
  /** Why the Secret cannot be read, if so. The key that was read before stays in use. */
  readonly secretTrouble: string | undefined;
  readonly charonReady: boolean;
  /** Words about the proposals that charon does not support, and therefore does not offer. */
  readonly omitted?: string | undefined;
  /** The methods of the key exchange of the present IKE SA. */
  readonly keyExchange?: string | undefined;
}

/** The state of a connection's Secret and key. */
export type SecretFacts = Pick<ConnectionFacts, "hasSecret" | "keyFailure" | "secretTrouble">;

export type ChildFacts = Pick<
  ChildStatus,
  "key" | "state" | "gateway" | "failure" | "reachability" | "traffic" | "tracking" | "unrouted"
> & {
  /** The methods of the key exchange of the present CHILD SA, if it had one. */
  readonly keyExchange?: string | undefined;
};

const inProgress = failure(Reason.InProgress, "the tunnel is being brought up");

/** In the order of cause and effect. */
const ofConnection: readonly Check<ConnectionFacts>[] = [
  {
    type: "SpecValid",
    message: "the manifest is valid",
    lacks: ({ problems }) => specFailure(problems),
  },
  {
    type: "SecretReady",
    message: "the pre-shared key exists",
    lacks: ({ hasSecret, keyFailure, secretTrouble, failure: known }) => {
      if (keyFailure !== undefined) return keyFailure;
      if (secretTrouble !== undefined) return failure(Reason.SecretUnreadable, secretTrouble);
      if (hasSecret) return undefined;
      return known?.reason === Reason.SecretMissing
        ? known
        : failure(Reason.SecretMissing, "the Secret or its key does not exist");
    },
  },
  {
    type: "CharonReady",
    message: ({ omitted }) =>
      omitted === undefined ? "charon answers" : `charon answers; ${omitted}`,
    lacks: ({ charonReady }) =>
      charonReady ? undefined : failure(Reason.CharonUnavailable, "charon does not answer"),
  },
  {
    type: "GatewayReady",
    message: "every gateway is ready",
    lacks: ({ children }) => first(children, gatewayFailure),
  },
  {
    type: "Established",
    message: ({ keyExchange }) => `the IKE SA is up${withMethods(keyExchange)}`,
    lacks: ({ state, failure: known, children }) =>
      isUp(state) ? undefined : (known ?? first(children, awaitingPeer) ?? inProgress),
  },
];

const ofChild: readonly Check<ChildFacts>[] = [
  { type: "GatewayReady", message: "the gateway is ready", lacks: gatewayFailure },
  {
    type: "Established",
    message: ({ keyExchange }) => `a CHILD SA is up${withMethods(keyExchange)}`,
    lacks: ({ state, failure: known }) => (isUp(state) ? undefined : (known ?? inProgress)),
  },
];

function withMethods(keyExchange: string | undefined): string {
  return keyExchange === undefined ? "" : `, with the key exchange ${keyExchange}`;
}

function awaitingPeer({ failure: known }: ChildFacts): Failure | undefined {
  return known?.reason === Reason.AwaitingPeer ? known : undefined;
}

/** The conditions of a connection; `Ready` summarises them. */
export function conditionsOf(facts: ConnectionFacts): Condition[] {
  return [
    ...judged(ofConnection, facts),
    ...reachable(facts.children),
    ...doubtful(facts.children),
    ...differing(facts, ...facts.children),
    ...refusingRekeys(facts, ...facts.children),
    ...partlyRouted(facts.children),
    ...nearLimit(facts.children),
    ...redundant(facts.paths ?? []),
    ...limited(facts.limits),
    ...summary(
      carries(facts) ? undefined : lackOf(facts),
      facts.children.some(isDoubted)
        ? "every child is up; the condition Traffic says through which one nothing has come back"
        : "every child carries traffic",
    ),
  ];
}

const notOfLeader: ReadonlySet<ConditionType> = new Set([
  "SpecValid",
  "SecretReady",
  "CharonReady",
]);

/** The conditions of a connection whose active path another agent has, as far as they are this agent's. */
export function conditionsHere(facts: ConnectionFacts): Condition[] {
  return judged(ofConnection, facts).filter(({ type }) => notOfLeader.has(type));
}

/** The last valid version keeps carrying traffic while a manifest or a Secret is invalid. */
function carries({ state, children }: ConnectionFacts): boolean {
  const up = (child: ChildFacts) =>
    isUp(child.state) && gatewayFailure(child) === undefined && mismatch(child) === undefined;
  return isUp(state) && children.length > 0 && children.every(up);
}

function lackOf(facts: ConnectionFacts): Failure {
  const missing = firstLack(ofConnection, facts);
  const down = facts.children.find(({ state }) => !isUp(state));
  return missing ?? down?.failure ?? first(facts.children, mismatch) ?? inProgress;
}

/** The conditions of one child. */
export function childConditionsOf(facts: ChildFacts): Condition[] {
  const lack = firstLack(ofChild, facts) ?? mismatch(facts);
  const message = isDoubted(facts) ? "it is up; nothing has come back yet" : "it carries traffic";
  return [
    ...judged(ofChild, facts),
    ...reachable([facts]),
    ...doubtful([facts]),
    ...differing(facts),
    ...refusingRekeys(facts),
    ...partlyRouted([facts]),
    ...nearLimit([facts]),
    ...summary(lack, message).slice(0, 1),
  ];
}

/**
 * `Reachable`, for children with a probe. `Ready` does not depend on it: the tunnel may be up while
 * the host behind the peer is down.
 */
function reachable(children: readonly ChildFacts[]): Condition[] {
  const probed = children.filter(({ reachability }) => reachability !== undefined);
  if (probed.length === 0) return [];
  const lost = probed.find(({ reachability }) => reachability === "unreachable");
  if (lost !== undefined) return [condition("Reachable", unansweredOf(lost.key), "")];
  const isOpen = probed.some(({ reachability }) => reachability === "unknown");
  if (!isOpen) return [condition("Reachable", undefined, "every probe is answered")];
  return [{ ...condition("Reachable", probing, ""), status: "Unknown" }];
}

/**
 * `Traffic`, for children that are up and may carry nothing. Packets that all fail the integrity
 * check are a fault. Packets without an answer may be as intended, so `Ready` does not depend on
 * them.
 */
function doubtful(children: readonly ChildFacts[]): Condition[] {
  const broken = first(children, mismatch);
  if (broken !== undefined) return [condition("Traffic", broken, "")];
  const doubted = children.find(isDoubted)?.traffic;
  if (doubted === undefined) return [];
  return [{ ...condition("Traffic", doubted, ""), status: "Unknown" }];
}

/** Why a child that is up carries nothing, if so. */
function mismatch({ state, traffic }: ChildFacts): Failure | undefined {
  return isUp(state) && traffic?.reason === Reason.IntegrityMismatch ? traffic : undefined;
}

/** Whether nothing has come back through a child that is up. */
function isDoubted({ state, traffic }: ChildFacts): boolean {
  return isUp(state) && traffic?.reason === Reason.NothingReceived;
}

/** The reasons of an established connection or child that does not match the manifest. */
const differences: ReadonlySet<Reason | undefined> = new Set([
  Reason.SaDiffers,
  Reason.ConfigurationLost,
  Reason.LoopDetected,
]);

/**
 * `Differs`, for an established SA that does not match the manifest, or whose connection charon no
 * longer has: the IKE SA first.
 */
function differing(...all: readonly SaFacts[]): Condition[] {
  return whileUp("Differs", differences, all);
}

const rekeyRefusals: ReadonlySet<Reason | undefined> = new Set([Reason.RekeyRefused]);

/** `RekeyRefused`, for an established SA that the peer does not rekey: the IKE SA first. */
function refusingRekeys(...all: readonly SaFacts[]): Condition[] {
  return whileUp("RekeyRefused", rekeyRefusals, all);
}

type SaFacts = Pick<ChildFacts, "state" | "failure">;

/** A condition that is present while something is up and has one of the reasons. */
function whileUp(
  type: ConditionType,
  reasons: ReadonlySet<Reason | undefined>,
  all: readonly SaFacts[],
): Condition[] {
  const found = all.find(({ state, failure: known }) => isUp(state) && reasons.has(known?.reason));
  if (found?.failure === undefined) return [];
  const { reason, message } = found.failure;
  return [{ type, status: "True", reason, message }];
}

/** `PartlyRouted`, for children with networks that are not routed into the tunnel. */
function partlyRouted(children: readonly ChildFacts[]): Condition[] {
  const messages = children.flatMap(({ key, unrouted }) =>
    unrouted === undefined ? [] : [`${key}: ${unrouted}`],
  );
  if (messages.length === 0) return [];
  const message = messages.join("; ");
  return [{ type: "PartlyRouted", status: "True", reason: Reason.RoutesLeftOut, message }];
}

const probing = failure(Reason.InProgress, "a probe is waiting for its first answer");

/** The failure of a probe that gets no answer. */
export function unansweredOf(child: string): Failure {
  return failure(Reason.ProbeUnanswered, `the probe of ${child} is not answered`);
}

function gatewayFailure({ key, gateway, failure: known }: ChildFacts): Failure | undefined {
  if (gateway === "ready" || gateway === "configuring") return undefined;
  return known ?? failure(Reason.GatewayNotReady, `the gateway of ${key} is ${gateway}`);
}

/** The failure of an invalid manifest, with every problem. */
export function specFailure(problems: readonly SourceProblem[]): Failure | undefined {
  if (problems.length === 0) return undefined;
  const message = problems.map(({ path, message }) => `${path}: ${message}`).join("; ");
  return failure(Reason.SpecInvalid, message);
}
