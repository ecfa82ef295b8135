/** The documentation of one reason; docs/reasons.md and `ipman diagnose` show it. */
export interface ReasonEntry {
  /** The meaning of the reason. */
  readonly explanation: string;
  /** The remedy for a person to apply. */
  readonly remedy: string;
  /** False if another attempt fails in the same way until spec or secret change. */
  readonly retryable: boolean;
}
