import { loggerOf } from "../../runtime/logs/logger.ts";
import type { OperatorOptions } from "./operator-options.ts";
import { OperatorParts } from "./operator-parts.ts";

/** A running operator. */
export interface Operator {
  /** Resolves when the lease is lost, rejects if it cannot run: then the process has to end. */
  readonly lost: Promise<"lease lost">;
  readonly stop: (why: string) => Promise<void>;
}

/** Builds an operator's parts and runs them. */
export async function startOperator(options: OperatorOptions): Promise<Operator> {
  const log = loggerOf(options.log);
  const resources = new AsyncDisposableStack();
  try {
    const { lost } = await new OperatorParts(options, log, resources).start();
    log.info("ipman operator runs");
    return {
      lost,
      stop: async (why) => {
        log.info({ why }, "ending; what runs goes on");
        await resources.disposeAsync();
      },
    };
  } catch (error) {
    await resources.disposeAsync();
    throw error;
  }
}
