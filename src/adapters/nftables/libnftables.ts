import koffi from "koffi";
import { inNamespace } from "../linux/namespace.ts";

/** What libnftables refused, in its words, or what it lacks. */
export class NftError extends Error {
  override readonly name = "NftError";
  readonly op: string;
  /** `UNAVAILABLE` where the system or the kernel lacks what every packet filter needs. */
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

/**
 * Runs commands in nft's language in a network namespace; all of them take effect or none.
 *
 * @param op what is attempted, for errors
 * @param namespace a path; undefined for the process's own
 * @throws {NftError} in libnftables' words, without the commands
 */
export function runNft(op: string, namespace: string | undefined, commands: string): void {
  run(op, namespace, commands, false);
}

/**
 * Has the kernel check commands, of which none takes effect.
 *
 * @throws {NftError} as {@link runNft} does
 */
export function checkNft(op: string, namespace: string | undefined, commands: string): void {
  run(op, namespace, commands, true);
}

function run(op: string, namespace: string | undefined, commands: string, dry: boolean): void {
  const nft = library();
  inNamespace(namespace, () => {
    // Its socket stays in the namespace that it is made in.
    const context: unknown = nft.make(0);
    if (context === null) throw new NftError(op, "libnftables has no memory");
    try {
      nft.bufferErrors(context);
      nft.setDryRun(context, dry);
      if (nft.run(context, commands) !== 0) throw new NftError(op, wordsOf(nft.errors(context)));
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

/** Loaded where it is used first: not every command needs it. */
function library(): Library {
  loaded ??= load();
  return loaded;
}

function load(): Library {
  try {
    // nftables/libnftables.h; the first version of its interface is still the only one.
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
      "packet filters are written by it; install the package libnftables1 (RHEL: nftables)";
    throw new NftError("load libnftables.so.1", detail, { code: "UNAVAILABLE", cause });
  }
}

/** The first line says what is wrong; the others repeat the commands, which hold secrets. */
function wordsOf(errors: string | null): string {
  return /Error: ([^\n]*)/.exec(errors ?? "")?.[1] ?? "refused without a word";
}
