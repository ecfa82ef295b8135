import { childRefKey } from "../../model/api/child-ref.ts";
import type { Connection } from "../../model/api/connection.ts";
import { failure, Reason, type Failure } from "../../model/status/failure.ts";
import { isNearLimit, type GatewayUsage } from "../../model/status/tracked-usage.ts";
import type { NetworkPort } from "../ports/ports.ts";
import type { TrackingStates } from "../ports/running.ts";

export interface TrackingWatchOptions {
  readonly network: Pick<NetworkPort, "trackedConnections">;
  /** Called after a judgement changed. */
  readonly changed: () => void;
  /** Receives exceptions, which are defects. */
  readonly report: (error: unknown) => void;
}

const everyMs = 30_000;
const none: readonly undefined[] = [];

/**
 * Watches how many connections gateways track. The timer runs only while a gateway tracks some,
 * which those without Services and shared addresses do not.
 */
export class TrackingWatch implements TrackingStates, Disposable {
  readonly #options: TrackingWatchOptions;
  /** The gateways near their limit, by child. */
  #near: ReadonlyMap<string, Failure> = new Map();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: TrackingWatchOptions) {
    this.#options = options;
  }

  of({ id, children }: Connection): readonly (Failure | undefined)[] {
    if (this.#near.size === 0) return none;
    return children.map(({ key }) => this.#near.get(childRefKey({ connection: id, child: key })));
  }

  /** Looks at the gateways unless a look is due anyway; call it after a gateway may have changed. */
  update(): void {
    if (this.#timer === undefined) this.#look();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  #look(): void {
    this.#timer = undefined;
    const usages = this.#read();
    // The former judgement remains, and the next look is not before its time, which bounds the reports.
    if (usages === undefined) {
      this.#timer = setTimeout(() => this.#look(), everyMs);
      return;
    }
    if (usages.length > 0) this.#timer = setTimeout(() => this.#look(), everyMs);
    const before = this.#near;
    if (usages.length === 0 && before.size === 0) return;
    const judged = usages.flatMap((usage): [string, Failure][] => {
      const key = childRefKey(usage);
      const known = before.get(key);
      if (!isNearLimit(usage, known !== undefined)) return [];
      return [[key, known ?? nearLimit(usage)]];
    });
    this.#near = new Map(judged);
    const isSame = before.size === judged.length && judged.every(([key]) => before.has(key));
    if (!isSame) this.#options.changed();
  }

  /** Undefined after an exception. */
  #read(): readonly GatewayUsage[] | undefined {
    try {
      return this.#options.network.trackedConnections();
    } catch (error) {
      this.#options.report(error);
      return undefined;
    }
  }
}

/** Without the number of connections, which changes all the time: each change is a write of the status. */
function nearLimit({ child, limit }: GatewayUsage): Failure {
  const message = `the gateway of ${child} tracks more than nine tenths of the ${limit} connections that the kernel tracks at most; further ones are dropped at the limit`;
  return failure(Reason.TrackingNearLimit, message);
}
