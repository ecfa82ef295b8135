import type { Observer } from "rxjs";
import { fromPromise } from "xstate";
import type { WorkQueue } from "../actors/work-queue.ts";
import { refusing } from "../ports/refusal.ts";
import type { AdapterCall } from "../ports/runtime-events.ts";

export interface EffectPorts {
  readonly queue: WorkQueue;
  readonly calls: Pick<Observer<AdapterCall>, "next">;
}

/** Creates an effect from a call: its error becomes a failure, its duration an `AdapterCall`. */
export function effect(ports: Pick<EffectPorts, "calls">) {
  return <Input, Output = void>(name: string, run: (input: Input) => Promise<Output> | Output) =>
    fromPromise<Output, Input>(({ input }) => measured(ports, name, () => run(input)));
}

/** Creates an effect from a call that blocks the thread, and therefore waits in the work queue. */
export function queuedEffect(ports: EffectPorts) {
  return <Input, Output = void>(name: string, queued: QueuedCall<Input, Output>) =>
    fromPromise<Output, Input>(async ({ input, signal }) => {
      await queued.prepare?.(input, signal);
      await ports.queue.next(queued.priority(input), signal);
      return measured(ports, name, () => queued.run(input));
    });
}

interface QueuedCall<Input, Output> {
  readonly priority: (input: Input) => Parameters<WorkQueue["next"]>[0];
  readonly run: (input: Input) => Output;
  /** Runs before the call enters the queue. */
  readonly prepare?: (input: Input, signal: AbortSignal) => Promise<void>;
}

/** Runs a call and emits its duration and outcome. */
export async function measured<Output>(
  { calls }: Pick<EffectPorts, "calls">,
  name: string,
  run: () => Promise<Output> | Output,
): Promise<Output> {
  const started = performance.now();
  const done = (failed: boolean) =>
    calls.next({ name, seconds: (performance.now() - started) / 1000, failed });
  try {
    const output = await refusing(run);
    done(false);
    return output;
  } catch (error) {
    done(true);
    throw error;
  }
}
