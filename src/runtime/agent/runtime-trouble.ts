/** Milliseconds for which the same failure is not reported again: searches repeat twice a second. */
const quietMs = 60_000;

/** Reports that the container runtime does not answer: each failure once a minute. */
export class RuntimeTrouble {
  readonly #onTrouble: (error: unknown) => void;
  #reported = "";
  #quietUntil = 0;

  constructor(onTrouble: (error: unknown) => void) {
    this.#onTrouble = onTrouble;
  }

  report(cause: unknown): void {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const now = performance.now();
    if (reason === this.#reported && now < this.#quietUntil) return;
    this.#reported = reason;
    this.#quietUntil = now + quietMs;
    const effect = "ipman searches /proc for the namespaces of gateways instead";
    this.#onTrouble(
      new Error(`the container runtime does not answer: ${reason}; ${effect}`, { cause }),
    );
  }
}
