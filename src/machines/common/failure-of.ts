import { failure, Reason, type Failure } from "../../model/status/failure.ts";

/**
 * The failure of a rejected actor. The runtime rejects with errors that carry a failure; any other
 * error is a defect in ipman.
 */
export function failureOf(error: unknown): Failure {
  if (typeof error === "object" && error !== null && "failure" in error) {
    return error.failure as Failure;
  }
  return failure(Reason.Internal, error instanceof Error ? error.message : String(error));
}
