import type { Logger } from "pino";
import { auditTime, type Subscription } from "rxjs";
import { KubeError } from "../../adapters/kubernetes/client/kube-error.ts";
import type { CharonEvent } from "../../model/charon/charon-event.ts";
import type { Failure } from "../../model/status/failure.ts";
import { unansweredOf } from "../conditions/conditions.ts";
import type { ConnectionStatus, Status } from "../../model/status/status.ts";
import { statusOf, type StatusSource } from "../status/status.ts";
import type { Running } from "../ports/running.ts";
import type { ReportedBreakdown, RuntimeEvents } from "../ports/runtime-events.ts";
import type { LogBuffer } from "./log-buffer.ts";

/** Logs what a supervisor's events report, and keeps charon's lines for `ipman logs`. */
export function logEvents(log: Logger, logBuffer: LogBuffer, events: RuntimeEvents): Subscription {
  const subscription = events.charonEvents.subscribe((event) => {
    logCharonLine(log, event);
    logBuffer.noteCharon(event, Date.now());
  });
  subscription.add(events.breakdowns.subscribe((breakdown) => logBreakdown(log, breakdown)));
  return subscription;
}

/** Logs charon's own lines, with the connection that they are about. */
function logCharonLine(log: Logger, news: CharonEvent): void {
  if (news.type !== "logged") return;
  log.debug({ connection: news.connection, group: news.line.group }, `charon: ${news.line.text}`);
}

/** What failed and is tried again: an adapter's error says it in its message, a defect's in its stack. */
export function logTrouble(log: Logger, error: unknown): void {
  if (error instanceof KubeError) log.warn({ op: error.op, code: error.code }, error.message);
  else log.warn({ err: error }, String(error));
}

/** An exception that ended an actor or a stream, which starts again. */
export function logBreakdown(log: Logger, { id, error }: ReportedBreakdown): void {
  log.error(
    { actor: id, err: error },
    "an exception broke an actor or a stream, which starts again",
  );
}

/** Changes that come close together are looked at once. */
const gatherMs = 50;

/** One line for each change of a state that a person sees. */
export function logChanges(
  log: Logger,
  running: StatusSource & Pick<Running, "changes">,
): Subscription {
  const told = new StatusLog(log);
  return running.changes.pipe(auditTime(gatherMs)).subscribe(() => told.tell(statusOf(running)));
}

interface Fact {
  readonly connection?: string;
  readonly child?: string;
  readonly state: string;
  readonly failure: Failure | undefined;
}

type Facts = ReadonlyMap<string, Fact>;

/** What the log has of each connection, so that only what is new is said. */
export class StatusLog {
  readonly #log: Logger;
  #charon: Facts = new Map();
  #connections: ReadonlyMap<ConnectionStatus, Facts> = new Map();
  #byId: ReadonlyMap<string, Facts> = new Map();

  constructor(log: Logger) {
    this.#log = log;
  }

  tell({ charon, connections }: Status): void {
    this.#charon = this.#tellNew(new Map([["charon", { ...charon }]]), this.#charon);
    // The status of a connection of which nothing changed is the same object.
    const facts = connections.map((status): [ConnectionStatus, Facts] => {
      const known = this.#connections.get(status);
      return [status, known ?? this.#tellNew(factsOf(status), this.#byId.get(status.id))];
    });
    this.#connections = new Map(facts);
    this.#byId = new Map(facts.map(([{ id }, of]) => [id, of]));
  }

  #tellNew(facts: Facts, before: Facts | undefined): Facts {
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
    const fact = { connection: id, child: child.key, state: child.state, failure: child.failure };
    facts.set(`child ${child.key}`, fact);
    const { key, reachability } = child;
    if (reachability === undefined || reachability === "unknown") continue;
    const failure = reachability === "unreachable" ? unansweredOf(key) : undefined;
    facts.set(`probe ${key}`, { connection: id, child: key, state: reachability, failure });
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
