import type { Reports } from "./reports.ts";
import type { SimulatedIke } from "./sas.ts";

const tries = 2;

export interface RetransmissionsOptions {
  readonly reports: Reports;
  /** The time until a request is retransmitted, in milliseconds. */
  readonly milliseconds: number;
  readonly after: (milliseconds: number, run: () => void) => void;
  readonly isPresent: (ike: SimulatedIke) => boolean;
}

/** The requests that charon repeats, since their peers do not answer. */
export class Retransmissions {
  readonly #options: RetransmissionsOptions;
  /** How often the request of an IKE SA was repeated. */
  readonly #repeated = new Map<SimulatedIke, number>();

  constructor(options: RetransmissionsOptions) {
    this.#options = options;
  }

  /** Repeats the request of an IKE SA; calls `end` once charon gives up. */
  begin(ike: SimulatedIke, end: () => void): void {
    this.#repeated.set(ike, 0);
    this.#next(ike, end);
  }

  /** The peer answers the request after all. */
  answer(ike: SimulatedIke): void {
    const repeated = this.#repeated.get(ike) ?? 0;
    if (!this.#repeated.delete(ike)) return;
    const { reports } = this.#options;
    if (repeated > 0) reports.alert(ike, "retransmit-send-cleared");
    reports.log(ike, `parsed INFORMATIONAL response ${messageId(ike)} [ ]`);
  }

  #next(ike: SimulatedIke, end: () => void): void {
    const { reports, milliseconds, after, isPresent } = this.#options;
    after(milliseconds, () => {
      const before = this.#repeated.get(ike);
      if (before === undefined || !isPresent(ike)) return;
      if (before === tries) {
        this.#repeated.delete(ike);
        reports.alert(ike, "retransmit-send-timeout");
        reports.log(ike, `giving up after ${tries} retransmits`);
        end();
        return;
      }
      this.#repeated.set(ike, before + 1);
      reports.alert(ike, "retransmit-send");
      reports.log(ike, `retransmit ${before + 1} of request with message ID ${messageId(ike)}`);
      this.#next(ike, end);
    });
  }
}

/** That of IKE_SA_INIT, or of the first request after IKE_AUTH. */
function messageId({ state }: SimulatedIke): number {
  return state === "CONNECTING" ? 0 : 2;
}
