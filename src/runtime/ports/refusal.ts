import { ViciError } from "vici-client";
import { NetlinkError } from "../../adapters/linux/errors.ts";
import { ForeignNamespaceError } from "../../adapters/host/own-namespace.ts";
import { NftError } from "../../adapters/nftables/libnftables.ts";
import { failureOfRefusal } from "../../model/refusals/refused-command.ts";
import { failure, Reason, type Failure } from "../../model/status/failure.ts";

/** Carries a failure from an adapter's call to the machine that made the call. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly failure: Failure;

  constructor(failure: Failure, options?: { cause?: unknown }) {
    super(failure.message, options);
    this.failure = failure;
  }
}

/** Runs an adapter's call and converts its error to a {@link Refusal}. */
export async function refusing<T>(call: () => T | Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw error instanceof Refusal ? error : new Refusal(failureOfError(error), { cause: error });
  }
}

function failureOfError(error: unknown): Failure {
  if (error instanceof ViciError) {
    if (error.code === "refused") return failureOfRefusal(wordsOf(error));
    return failure(Reason.CharonUnavailable, error.message);
  }
  if (error instanceof ForeignNamespaceError) return failure(Reason.NamespaceTaken, error.message);
  if (error instanceof NftError && error.code === "UNAVAILABLE")
    return failure(Reason.PacketFilterUnavailable, error.message);
  if (error instanceof NetlinkError || error instanceof NftError)
    return failure(Reason.NetworkRejected, error.message);
  return failure(Reason.Internal, error instanceof Error ? error.message : String(error));
}

/** charon's own error text, without the name of the command. */
function wordsOf(error: ViciError): string {
  return error.message.slice(error.op.length + 2);
}
