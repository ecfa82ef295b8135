import koffi from "koffi";
import { inNamespace } from "../linux/namespace.ts";

/** An error of libnftables with its own text, or a part of the system that is missing. */
export class NftError extends Error {
  override readonly name = "NftError";
  readonly op: string;
  /** `UNAVAILABLE` if the system or the kernel lacks a part that every packet filter needs. */
  readonly code: "REFUSED" | "UNAVAILABLE";
  readonly retryable = true;

  constructor(
    op: string,
    detail: string,
    {
      code = "REFUSED",
      cause,
    }: { readonly code?: NftError["code"]; readonly cause?: unknown } = {},
  ) {
    super(`${op}: ${detail}`, { cause });
    this.op = op;
    this.code = code;
  }
}

/** Runs commands in nft's language in a network namespace. */
export interface NftRunner {
  /**
   * Runs commands as one transaction: all of them take effect or none.
   *
   * @param op the operation that the commands perform, for errors
   * @param namespace a path; undefined for the process's own
   * @throws {NftError} with libnftables' text, without the commands
   */
  readonly run: (op: string, namespace: string | undefined, commands: string) => void;
  /**
   * Has the kernel check commands; none of them takes effect.
   *
   * @throws {NftError} as `run` does
   */
  readonly check: (op: string, namespace: string | undefined, commands: string) => void;
}

/** libnftables on this machine's kernel. */
export const libnftables: NftRunner = {
  run: (op, namespace, commands) => run(op, namespace, commands, false),
  check: (op, namespace, commands) => run(op, namespace, commands, true),
};

function run(op: string, namespace: string | undefined, commands: string, dry: boolean): void {
  const nft = library();
  inNamespace(namespace, () => {
    // The context's socket stays in the namespace that it is created in.
    const context: unknown = nft.make(0);
    if (context === null) throw new NftError(op, "libnftables is out of memory");
    try {
      nft.bufferErrors(context);
      nft.setDryRun(context, dry);
      if (nft.run(context, commands) !== 0) throw new NftError(op, textOf(nft.errors(context)));
    } finally {
      nft.free(context);
    }
  });
}

interface Library {
  readonly make: (flags: number) => unknown;
  readonly free: (context: unknown) => void;
  readonly bufferErrors: (context: unknown) => number;
  readonly setDryRun: (context: unknown, dry: boolean) => void;
  readonly errors: (context: unknown) => string | null;
  readonly run: (context: unknown, commands: string) => number;
}

let loaded: Library | undefined;

/** Loads the library at its first use: not every command needs it. */
function library(): Library {
  loaded ??= load();
  return loaded;
}

function load(): Library {
  try {
    // nftables/libnftables.h; there is only one version of its interface so far.
    const lib = koffi.load("libnftables.so.1");
    return {
      make: lib.func("void *nft_ctx_new(uint32_t flags)"),
      free: lib.func("void nft_ctx_free(void *context)"),
      setDryRun: lib.func("void nft_ctx_set_dry_run(void *context, bool dry)"),
      bufferErrors: lib.func("int nft_ctx_buffer_error(void *context)"),
      errors: lib.func("const char *nft_ctx_get_error_buffer(void *context)"),
      run: lib.func("int nft_run_cmd_from_buffer(void *context, const char *commands)"),
    };
  } catch (cause) {
    const detail =
      "ipman sets packet filters with it; install the package libnftables1 (RHEL: nftables)";
    throw new NftError("load libnftables.so.1", detail, { code: "UNAVAILABLE", cause });
  }
}

/** The first line states the error; the others repeat the commands, which contain secrets. */
function textOf(errors: string | null): string {
  return /Error: ([^\n]*)/.exec(errors ?? "")?.[1] ?? "refused without a reason";
}
