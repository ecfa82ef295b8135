import type { Logger } from "pino";
import { auditTime, type Subscription } from "rxjs";
import { KubeError } from "../adapters/kubernetes/kube-error.ts";
import type { CharonNews } from "../adapters/vici/news.ts";
import type { Failure } from "../model/failure.ts";
import { statusOf, type Status } from "./status.ts";
import type { Supervisor } from "./supervisor.ts";

/** charon's own lines, with the connection that they are about. */
export function logNews(log: Logger, news: CharonNews): void {
  if (news.type !== "logged") return;
  log.debug({ connection: news.connection, group: news.line.group }, `charon: ${news.line.text}`);
}

/** What failed and is tried again: an adapter's error says it in its message, a defect's in its stack. */
export function logTrouble(log: Logger, error: unknown): void {
  if (error instanceof KubeError) log.warn({ op: error.op, code: error.code }, error.message);
  else log.warn({ err: error }, String(error));
}

/** Changes that come close together are looked at once. */
const gatherMs = 50;

/** One line for each change of a state that a person sees. */
export function logChanges(log: Logger, supervisor: Supervisor): Subscription {
  let before = new Map<string, string>();
  return supervisor.changes.pipe(auditTime(gatherMs)).subscribe(() => {
    const facts = factsOf(statusOf(supervisor));
    for (const [key, { state, failure, ...labels }] of facts) {
      if (before.get(key) === keyOf(state, failure)) continue;
      const level = failure === undefined ? "info" : "warn";
      log[level]({ ...labels, state, reason: failure?.reason }, failure?.message ?? state);
    }
    before = new Map([...facts].map(([key, fact]) => [key, keyOf(fact.state, fact.failure)]));
  });
}

interface Fact {
  readonly connection?: string;
  readonly child?: string;
  readonly state: string;
  readonly failure: Failure | undefined;
}

function factsOf(status: Status): Map<string, Fact> {
  const facts = new Map<string, Fact>([["charon", { ...status.charon }]]);
  for (const { id, state, failure, children, problems } of status.connections) {
    facts.set(id, { connection: id, state, failure });
    for (const child of children) {
      const fact = { connection: id, child: child.key, state: child.state, failure: child.failure };
      facts.set(`${id}/${child.key}`, fact);
    }
    for (const { source, path, message } of problems) {
      const failure = {
        reason: "SpecInvalid" as const,
        message: `${source}: ${path}: ${message}`,
        retryable: false,
      };
      facts.set(`${id} ${source} ${path} ${message}`, {
        connection: id,
        state: "invalid",
        failure,
      });
    }
  }
  return facts;
}

function keyOf(state: string, failure: Failure | undefined): string {
  return `${state} ${failure?.reason ?? ""} ${failure?.message ?? ""}`;
}
