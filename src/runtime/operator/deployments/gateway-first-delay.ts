/** The longest time for which the gateways of a group start alone, in milliseconds. */
const maxDelayMs = 2_500;

/**
 * Starts the gateways of a new group before charon and its agent. Workloads wait for the gateways'
 * addresses and take longer to start than charon and the agent, which would slow the node down.
 */
export class GatewayFirstDelay implements Disposable {
  readonly #onOver: () => void;
  /** The groups that have had the delay: a timer while it lasts, then undefined. */
  readonly #groups = new Map<string, NodeJS.Timeout | undefined>();

  constructor(onOver: () => void) {
    this.#onOver = onOver;
  }

  /** Whether a group's charon and agent still have to wait. */
  holds(groupId: string, gatewaysHaveAddresses: boolean): boolean {
    if (gatewaysHaveAddresses) this.#end(groupId);
    else if (!this.#groups.has(groupId)) this.#begin(groupId);
    return this.#groups.get(groupId) !== undefined;
  }

  /** Forgets all groups except these: a group that is declared again is new. */
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
    this.#groups.set(groupId, setTimeout(over, maxDelayMs));
  }

  #end(groupId: string): void {
    clearTimeout(this.#groups.get(groupId));
    this.#groups.set(groupId, undefined);
  }
}
