import { createActor, setup, SimulatedClock, type ActorRefFrom } from "xstate";
import { failoverMachine, type FailoverSnapshot } from "../../src/machines/failover/failover.ts";
import type {
  FailoverEvent,
  FailoverInput,
  PathDecision,
} from "../../src/machines/failover/failover-types.ts";

/** The paths a, b and c, of which a is preferred, with a running charon. */
export const failoverInput: FailoverInput = {
  paths: ["a", "b", "c"],
  warm: [],
  settings: { holdSeconds: 300, failback: "planned" },
  up: [],
  charonReady: true,
};

export const second = 1_000;
export const minute = 60 * second;
/** The hold of {@link failoverInput}; milliseconds. */
export const hold = 300 * second;

/** A failover's actor with a simulated clock, below an actor that records its decisions. */
export class FailoverHarness {
  readonly decisions: PathDecision[] = [];
  readonly #clock: SimulatedClock;
  readonly #root: { readonly stop: () => unknown };
  readonly #actor: ActorRefFrom<typeof failoverMachine>;

  constructor(
    changes: Partial<FailoverInput> = {},
    machine = failoverMachine,
    clock = new SimulatedClock(),
  ) {
    this.#clock = clock;
    const { decisions } = this;
    const parent = setup({ actors: { failover: machine } }).createMachine({
      invoke: { id: "failover", src: "failover", input: { ...failoverInput, ...changes } },
      on: {
        "path.decided": { actions: ({ event }) => void decisions.push(event as PathDecision) },
      },
    });
    const root = createActor(parent, { clock: this.#clock }).start();
    this.#root = root;
    this.#actor = root.getSnapshot().children["failover"] as ActorRefFrom<typeof failoverMachine>;
  }

  stop(): void {
    this.#root.stop();
  }

  send(event: FailoverEvent): void {
    this.#actor.send(event);
  }

  up(...paths: readonly string[]): void {
    for (const path of paths) this.send({ type: "path.up", path });
  }

  down(...paths: readonly string[]): void {
    for (const path of paths) this.send({ type: "path.down", path });
  }

  ready(...paths: readonly string[]): void {
    for (const path of paths) this.send({ type: "path.ready", path });
  }

  failed(...paths: readonly string[]): void {
    for (const path of paths) this.send({ type: "path.failed", path });
  }

  /** Passes time in slices, since a timer that a timer starts counts from the end of a slice. */
  pass(milliseconds: number, slice = 500): void {
    for (let passed = 0; passed < milliseconds; passed += slice) this.#clock.increment(slice);
  }

  get now(): number {
    return this.#clock.now();
  }

  get snapshot(): FailoverSnapshot {
    return this.#actor.getSnapshot();
  }

  /** The state as text, such as `steady.holding`. */
  get state(): string {
    const { value } = this.snapshot;
    return typeof value === "string" ? value : (Object.entries(value)[0]?.join(".") ?? "");
  }

  /** The decisions since the last call, such as `b: lost` or `b, dials a: failback`. */
  decided(): string[] {
    return this.decisions
      .splice(0)
      .map(({ active, dialled, cause }) =>
        dialled === undefined ? `${active}: ${cause}` : `${active}, dials ${dialled}: ${cause}`,
      );
  }
}

/** A failover whose path a is up, or another active path; its first decision is left out. */
export function steady(active = "a", changes: Partial<FailoverInput> = {}): FailoverHarness {
  const failover = new FailoverHarness({ up: [active], ...changes });
  failover.decided();
  return failover;
}
