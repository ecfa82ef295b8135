import { Protocol } from "../linux/constants.ts";
import { NetlinkError } from "../linux/errors.ts";
import { NetlinkSocket } from "../netlink/socket.ts";
import { checkNft, NftError } from "./libnftables.ts";
import { tableNames } from "./read-table.ts";

/** How the kernel is asked what it has. */
export interface RequirementProbes {
  /** @throws {NetlinkError} where the kernel does not */
  readonly listTables: (namespace: string | undefined) => unknown;
  /** @throws {NftError} where the kernel refuses the commands */
  readonly check: (op: string, namespace: string | undefined, commands: string) => void;
}

const onKernel: RequirementProbes = {
  listTables: (namespace) => {
    using socket = NetlinkSocket.open(namespace, Protocol.netfilter);
    return tableNames(socket);
  },
  check: checkNft,
};

/** The part of the kernel that computes hashes in rules. */
const hashExpression = "jhash";

/** Errors that say nothing about what the kernel has. */
const unrelated: ReadonlySet<string> = new Set(["EPERM", "EACCES", "EMFILE", "ENFILE"]);

/** Whether the kernel refused to list tables since it has no nf_tables. */
export function meansNoTables({ code, retryable }: NetlinkError): boolean {
  return !unrelated.has(code) && !retryable;
}

/**
 * What packet filters need, and the system or its kernel lacks, with the way out; undefined
 * where nothing is missing, and where that cannot be known.
 *
 * @param namespace where the kernel is asked, a path; undefined for the process's own
 * @param rules the rules of a filter, or of all
 */
export function missingRequirement(
  namespace: string | undefined,
  rules: string = hashExpression,
  { listTables, check }: RequirementProbes = onKernel,
): string | undefined {
  const fails = (commands: string) =>
    failureOf(() => check("check packet filter", namespace, commands));
  const refused = failureOf(() => listTables(namespace));
  if (refused instanceof NetlinkError) {
    if (!meansNoTables(refused)) return undefined;
    return lacking("nf_tables", "nf_tables", "CONFIG_NF_TABLES", refused);
  }
  const plain = fails(tableWith(""));
  if (plain instanceof NftError && plain.code === "UNAVAILABLE") return plain.message;
  if (plain !== undefined)
    return lacking("tables of the family inet", "nf_tables", "CONFIG_NF_TABLES_INET", plain);
  if (!rules.includes(hashExpression)) return undefined;
  const hash = fails(tableWith(`${hashExpression} ip saddr mod 2 seed 1 0`));
  return hash && lacking("hashes in nf_tables", "nft_hash", "CONFIG_NFT_HASH", hash);
}

function tableWith(rule: string): string {
  return `table inet ipman_check {\n chain rules {\n ${rule}\n }\n}`;
}

function lacking(what: string, module: string, option: string, { message }: Error): string {
  return `the kernel has no ${what} (${message}); load the module ${module}, or use a kernel with ${option}`;
}

function failureOf(call: () => unknown): Error | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    if (error instanceof NetlinkError || error instanceof NftError) return error;
    throw error;
  }
}
