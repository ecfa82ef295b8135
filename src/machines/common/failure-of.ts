import { failure, Reason, type Failure } from "../../model/status/failure.ts";

/**
 * The failure in what an actor rejected with. Adapters and the runtime reject with errors
 * that carry one; anything else is a defect of ours.
 */
export function failureOf(error: unknown): Failure {
  if (typeof error === "object" && error !== null && "failure" in error) {
    return error.failure as Failure;
  }
  return failure(Reason.Internal, error instanceof Error ? error.message : String(error));
}
