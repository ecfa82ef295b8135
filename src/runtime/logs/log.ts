import type { Logger } from "pino";
import { auditTime, type Subscription } from "rxjs";
import { KubeError } from "../../adapters/kubernetes/client/kube-error.ts";
import type { CharonEvent } from "../../model/charon/charon-event.ts";
import { childTrouble } from "../../model/status/child-trouble.ts";
import type { Failure } from "../../model/status/failure.ts";
import { printable } from "../../model/text/printable.ts";
import { unansweredOf } from "../conditions/conditions.ts";
import type { ConnectionStatus, Status } from "../../model/status/status.ts";
import { statusOf, type StatusSource } from "../status/status.ts";
import type { Running } from "../ports/running.ts";
import type { PathSwitch, ReportedBreakdown, RuntimeEvents } from "../ports/runtime-events.ts";
import type { LogBuffer } from "./log-buffer.ts";

/** Logs a supervisor's events, and keeps charon's lines in the log buffer. */
export function logEvents(log: Logger, logBuffer: LogBuffer, events: RuntimeEvents): Subscription {
  const subscription = events.charonEvents.subscribe((event) => {
    logCharonReport(log, event);
    logBuffer.noteCharon(event, Date.now());
  });
  subscription.add(events.pathSwitches.subscribe((switched) => logSwitch(log, switched)));
  subscription.add(events.breakdowns.subscribe((breakdown) => logBreakdown(log, breakdown)));
  return subscription;
}

function logSwitch(log: Logger, { connection, from, to, cause }: PathSwitch): void {
  const labels = { connection, path: to, cause };
  log.warn(labels, `the path ${to} carries the traffic instead of ${from}`);
}

/** Logs charon's own lines and alerts, with the connection that they are about. */
function logCharonReport(log: Logger, event: CharonEvent): void {
  if (event.type === "alerted") {
    const { connection, alert } = event;
    log.debug({ connection }, `charon: alert ${printable(alert)}`);
  }
  if (event.type !== "logged") return;
  const { connection, line } = event;
  log.debug({ connection, group: line.group }, `charon: ${line.text}`);
}

/**
 * Logs a failure that is retried: an adapter's error as its message, any other with its stack.
 *
 * @param omitted the number of the same failures since the last line
 */
export function logTrouble(log: Logger, error: unknown, omitted?: number): void {
  if (error instanceof KubeError)
    log.warn({ op: error.op, code: error.code, ...(omitted && { omitted }) }, error.message);
  else log.warn({ err: error }, String(error));
}

/** Logs an exception that stopped an actor or a stream, which restarts. */
export function logBreakdown(log: Logger, { id, error }: ReportedBreakdown): void {
  log.error({ actor: id, err: error }, "an exception stopped an actor or a stream, which restarts");
}

/** Milliseconds within which several changes lead to one comparison. */
const gatherMs = 50;

/** Logs one line for each change of a public state. */
export function logChanges(
  log: Logger,
  running: StatusSource & Pick<Running, "changes">,
): Subscription {
  const statusLog = new StatusLog(log);
  return running.changes
    .pipe(auditTime(gatherMs))
    .subscribe(() => statusLog.report(statusOf(running)));
}

interface Fact {
  readonly connection?: string;
  readonly child?: string;
  readonly state: string;
  readonly failure: Failure | undefined;
}

type Facts = ReadonlyMap<string, Fact>;

/** Compares each status with the logged one, and logs the differences. */
export class StatusLog {
  readonly #log: Logger;
  #charon: Facts = new Map();
  #connections: ReadonlyMap<ConnectionStatus, Facts> = new Map();
  #byId: ReadonlyMap<string, Facts> = new Map();

  constructor(log: Logger) {
    this.#log = log;
  }

  report({ charon, connections }: Status): void {
    this.#charon = this.#logNew(new Map([["charon", { ...charon }]]), this.#charon);
    // The status of an unchanged connection is the same object.
    const facts = connections.map((status): [ConnectionStatus, Facts] => {
      const known = this.#connections.get(status);
      return [status, known ?? this.#logNew(factsOf(status), this.#byId.get(status.id))];
    });
    this.#connections = new Map(facts);
    this.#byId = new Map(facts.map(([{ id }, of]) => [id, of]));
  }

  #logNew(facts: Facts, before: Facts | undefined): Facts {
    for (const [key, fact] of facts) {
      const known = before?.get(key);
      if (known !== undefined && wordsOf(known) === wordsOf(fact)) continue;
      const { state, failure, ...labels } = fact;
      const level = failure === undefined ? "info" : "warn";
      this.#log[level]({ ...labels, state, reason: failure?.reason }, failure?.message ?? state);
    }
    return facts;
  }
}

function factsOf({ id, state, failure, children, problems }: ConnectionStatus): Facts {
  const facts = new Map<string, Fact>([["", { connection: id, state, failure }]]);
  for (const child of children) {
    const { key, state, reachability } = child;
    const failure = childTrouble(child);
    facts.set(`child ${key}`, { connection: id, child: key, state, failure });
    if (reachability === undefined || reachability === "unknown") continue;
    const unanswered = reachability === "unreachable" ? unansweredOf(key) : undefined;
    const probe = { connection: id, child: key, state: reachability, failure: unanswered };
    facts.set(`probe ${key}`, probe);
  }
  for (const { source, path, message } of problems) {
    const wrong = {
      reason: "SpecInvalid" as const,
      message: `${source}: ${path}: ${message}`,
      retryable: false,
    };
    facts.set(wrong.message, { connection: id, state: "invalid", failure: wrong });
  }
  return facts;
}

function wordsOf({ state, failure }: Fact): string {
  return `${state} ${failure?.reason ?? ""} ${failure?.message ?? ""}`;
}
