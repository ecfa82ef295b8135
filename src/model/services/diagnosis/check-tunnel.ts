import type { ChildStatus } from "../../status/status.ts";
import { note, ok, problem, type Finding } from "../../status/finding.ts";
import { isUp } from "../../status/public-state.ts";
import { reasons } from "../../status/reason.ts";
import { conditionOf } from "../service-status.ts";
import { tunnelReasons } from "../service-reason.ts";
import type { ServiceSubject } from "./service-subject.ts";

/** Checks whether the child's gateway and tunnel are up, by its agent or else by the operator. */
export function checkTunnel(subject: ServiceSubject): Finding[] {
  const { tunnel, request } = subject;
  if (tunnel?.child === undefined) return byOperator(subject);
  const { child } = tunnel;
  const words = `${request.connection}/${child.key}`;
  const remedy = diagnoseChild(subject);
  if (child.gateway !== "ready")
    return [
      problem("tunnel", `the gateway of ${words} is ${child.gateway}${cause(child)}`, remedy),
    ];
  if (!isUp(child.state))
    return [problem("tunnel", `${words} is ${child.state}${cause(child)}`, remedy)];
  if (child.reachability === "unreachable")
    return [problem("tunnel", `${words} is ${child.state}, but its probe is not answered`, remedy)];
  return [ok("tunnel", `${words} is ${child.state}, and its gateway is ready`)];
}

function cause({ failure }: ChildStatus): string {
  return failure === undefined ? "" : `: ${failure.reason}: ${failure.message}`;
}

function diagnoseChild({ request: { connection, child } }: ServiceSubject): string {
  return `kubectl ipman diagnose ${connection} ${child}`;
}

function byOperator(subject: ServiceSubject): Finding[] {
  const { tunnel } = subject.facts;
  const condition = conditionOf(subject.facts.service);
  if (condition !== undefined && tunnelReasons.has(condition.reason))
    return [problem("tunnel", `${condition.reason}: ${condition.message}`, diagnoseChild(subject))];
  const why = "why" in tunnel ? tunnel.why : undefined;
  const { child } = subject.request;
  const message = why ?? `the agent of the active path does not report child ${child}`;
  return [note("tunnel", `${message}; the checks that need the agent are left out`)];
}

/** Checks whether the gateway forwards every port of the Service. */
export function checkForwarding({ tunnel, request, address, facts }: ServiceSubject): Finding[] {
  if (tunnel?.child === undefined || address === undefined) return [];
  const { exposed = [], remote = [] } = tunnel.child.services ?? {};
  const served = request.kind === "exposed" ? exposed : remote;
  const own = served.filter(({ service }) => service === request.service);
  if (own.length >= request.ports.length)
    return [ok("gateway", `forwards ${own.length === 1 ? "its port" : `all ${own.length} ports`}`)];
  const { refusal } = facts;
  return [
    problem(
      "gateway",
      `forwards ${own.length} of ${request.ports.length} ports of the Service${refusal === undefined ? "" : `: ${refusal}`}`,
      refusal === undefined
        ? `diagnose again in a few seconds; if it lasts, see the agent's log: kubectl ipman logs ${request.connection}`
        : "change what the message names",
    ),
  ];
}

/** Checks whether the gateway can track further connections. */
export function checkTracking({ tunnel }: ServiceSubject): Finding[] {
  if (tunnel?.child === undefined) return [];
  const { tracking } = tunnel.child;
  if (tracking === undefined) return [ok("connections", "the gateway is far from its limit")];
  // A later version of the agent may have other reasons.
  const { [tracking.reason]: entry }: Partial<typeof reasons> = reasons;
  return [problem("connections", tracking.message, entry?.remedy ?? "follow the message")];
}
