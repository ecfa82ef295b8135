import type { BeatCount } from "../../src/runtime/beats/beat-count.ts";
import type { BeatExchange } from "../../src/runtime/beats/beat-exchange.ts";

/** The counts of one agent since they were taken last; times are milliseconds. */
export interface Counted {
  readonly sent: number;
  readonly heard: number;
  readonly refused: number;
  readonly answers: number;
  readonly judged: number;
  readonly absences: number;
  /** The longest time between two beats that were accepted. */
  readonly silenceMs: number;
  /** Delays of a timer of 100 ms: the longest, and how many exceed 50 ms and a second. */
  readonly latestMs: number;
  readonly late: number;
  readonly veryLate: number;
  readonly cpuMs: number;
}

const timerMs = 100;
const lateMs = 50;
const veryLateMs = 1_000;

const nothing = {
  sent: 0,
  heard: 0,
  refused: 0,
  answers: 0,
  judged: 0,
  absences: 0,
  silenceMs: 0,
  latestMs: 0,
  late: 0,
  veryLate: 0,
};

/** Counts what an exchange does, and how late this process is. */
export class AgentCounts {
  #counts = { ...nothing };
  #heardAt = performance.now();
  #dueAt = performance.now() + timerMs;
  #cpu = process.cpuUsage();

  constructor() {
    this.#wait();
  }

  readonly count: BeatCount = (direction, result) => {
    if (direction === "sent") this.#counts.sent += 1;
    else if (result === "accepted") this.#hear();
    else this.#counts.refused += 1;
  };

  answer(): void {
    this.#counts.answers += 1;
  }

  observe({ rounds, presences }: Pick<BeatExchange, "rounds" | "presences">): void {
    rounds.subscribe(() => (this.#counts.judged += 1));
    presences.subscribe(({ presence }) => {
      if (presence === "absent") this.#counts.absences += 1;
    });
  }

  /** Returns the counts and begins with new ones. */
  take(): Counted {
    const { user, system } = process.cpuUsage(this.#cpu);
    this.#cpu = process.cpuUsage();
    const taken = { ...this.#counts, cpuMs: (user + system) / 1_000 };
    this.#counts = { ...nothing };
    return taken;
  }

  #hear(): void {
    const now = performance.now();
    this.#counts.heard += 1;
    this.#counts.silenceMs = Math.max(this.#counts.silenceMs, now - this.#heardAt);
    this.#heardAt = now;
  }

  #wait(): void {
    setTimeout(() => {
      const lateBy = performance.now() - this.#dueAt;
      this.#counts.latestMs = Math.max(this.#counts.latestMs, lateBy);
      if (lateBy > lateMs) this.#counts.late += 1;
      if (lateBy > veryLateMs) this.#counts.veryLate += 1;
      this.#dueAt = performance.now() + timerMs;
      this.#wait();
    }, timerMs);
  }
}
