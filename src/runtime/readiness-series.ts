import { Gauge, type Registry } from "prom-client";
import { isReady } from "../model/condition.ts";
import type { SourceProblem } from "../model/resource.ts";

/** A connection as its status tells of it. */
export interface Told {
  readonly id: string;
  readonly conditions: readonly { readonly type: string; readonly status: string }[];
}

/**
 * Shows of every connection that is declared whether it is ready, and whether its document is
 * valid: also of one that no actor runs.
 *
 * @param told asked when somebody scrapes
 */
export function showReadiness(registry: Registry, told: () => Iterable<Told>): void {
  const gauge = (name: string, help: string, holds: (of: Told) => boolean) =>
    new Gauge({
      ...{ name, help, labelNames: ["connection"], registers: [registry] },
      collect() {
        this.reset();
        for (const one of told()) this.set({ connection: one.id }, holds(one) ? 1 : 0);
      },
    });
  gauge("ipman_connection_ready", "1 where the condition Ready is True.", isReady);
  gauge(
    "ipman_connection_spec_valid",
    "0 where the document has problems; an earlier version of it may go on.",
    (one) => !one.conditions.some(({ type, status }) => type === "SpecValid" && status === "False"),
  );
}

/** Shows the files in which there are documents that nobody can tell whose they are. */
export function showUnreadable(
  registry: Registry,
  problems: () => readonly Pick<SourceProblem, "source">[],
): void {
  void new Gauge({
    name: "ipman_unreadable_files",
    help: "Files with a document that cannot be read; nothing is removed while there is one.",
    registers: [registry],
    collect() {
      this.set(new Set(problems().map(({ source }) => source)).size);
    },
  });
}
