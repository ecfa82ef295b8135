/** For how long the gateways of a group start alone, at most; milliseconds. */
const mostMs = 2_500;

/**
 * Of a group that is new, the gateways start first: workloads wait for their addresses, and
 * take longer to start than charon and its agent, which would only slow their node down.
 */
export class GatewayFirstDelay implements Disposable {
  readonly #onOver: () => void;
  /** Groups whose gateways have it: a timer until it is over, then nothing. */
  readonly #groups = new Map<string, NodeJS.Timeout | undefined>();

  constructor(onOver: () => void) {
    this.#onOver = onOver;
  }

  /** Whether a group's own pods still have to wait, given whether its gateways are there. */
  holds(groupId: string, gatewaysAreThere: boolean): boolean {
    if (gatewaysAreThere) this.#end(groupId);
    else if (!this.#groups.has(groupId)) this.#begin(groupId);
    return this.#groups.get(groupId) !== undefined;
  }

  /** Forgets all groups but these: one that comes again is new. */
  keep(groupIds: ReadonlySet<string>): void {
    for (const id of this.#groups.keys()) {
      if (groupIds.has(id)) continue;
      this.#end(id);
      this.#groups.delete(id);
    }
  }

  [Symbol.dispose](): void {
    this.keep(new Set());
  }

  #begin(groupId: string): void {
    const over = () => {
      this.#end(groupId);
      this.#onOver();
    };
    this.#groups.set(groupId, setTimeout(over, mostMs));
  }

  #end(groupId: string): void {
    clearTimeout(this.#groups.get(groupId));
    this.#groups.set(groupId, undefined);
  }
}
