import { NetlinkError } from "../../adapters/linux/errors.ts";
import type { GatewayOrder } from "../../machines/gateway/gateway-types.ts";
import { childRefKey, type ChildRef } from "../../model/api/child-ref.ts";

/** The part of a gateway's order that says which gateway it is, and its namespace. */
export type NotedOrder = Pick<GatewayOrder, "connection" | "child" | "gateway">;

interface NotedGateway<T> {
  readonly ref: ChildRef;
  readonly namespace: string | undefined;
  readonly value: T;
}

/** The gateways whose last plan has a certain part. */
export class NotedGateways<T> {
  readonly #gateways = new Map<string, NotedGateway<T>>();

  /** Takes the part of a gateway's plan; undefined if the plan has none. */
  note({ connection, child, gateway }: NotedOrder, value: T | undefined): void {
    const ref = { connection: connection.id, child: child.key };
    const key = childRefKey(ref);
    if (value === undefined) this.#gateways.delete(key);
    else this.#gateways.set(key, { ref, namespace: gateway.netns, value });
  }

  /**
   * Looks at each of them, one at a time as the results are used. One whose namespace is gone is left
   * out from then on.
   *
   * @throws {NetlinkError} as `look` does
   */
  *each<R>(look: (gateway: NotedGateway<T>) => R): Generator<R, void> {
    for (const [key, gateway] of this.#gateways) {
      try {
        yield look(gateway);
      } catch (error) {
        if (!(error instanceof NetlinkError && error.code === "ENOENT")) throw error;
        this.#gateways.delete(key);
      }
    }
  }
}
