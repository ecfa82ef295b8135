import { reasons, type Reason } from "./reason.ts";

export { Reason } from "./reason.ts";

/**
 * A reason with a message for people. It holds no secret, and nothing that changes by the second.
 */
export interface Failure {
  readonly reason: Reason;
  readonly message: string;
  /** False if another attempt fails in the same way until spec or secret change. */
  readonly retryable: boolean;
}

/** Makes a failure; its reason decides whether it is retryable. */
export function failure(reason: Reason, message: string): Failure {
  return { reason, message, retryable: reasons[reason].retryable };
}
