import { Protocol } from "../linux/constants.ts";
import { NetlinkError } from "../linux/errors.ts";
import { linuxNetlink, type NetlinkTransport } from "../linux/netlink-transport.ts";
import { NetlinkSocket } from "../netlink/socket.ts";
import { libnftables, NftError, type NftRunner } from "./libnftables.ts";
import { tableNames } from "./read-table.ts";

/** The parts of the system by which packet filters are read and set. */
export interface FilterAccess {
  readonly netlink: NetlinkTransport;
  readonly nft: NftRunner;
}

/** This machine. */
export const linuxFilters: FilterAccess = { netlink: linuxNetlink, nft: libnftables };

/** The expression that computes hashes in rules. */
const hashExpression = "jhash";

/** The hook of rules that see a device's frames first; a gateway beside others on other nodes needs it. */
export const deviceHook = "hook ingress";

/** A table with that hook, on a device that always exists. */
const deviceTable =
  'table netdev ipman_check {\n chain rules {\n type filter hook ingress device "lo" priority filter\n meta pkttype set host\n }\n}';

/** The chains that translate addresses; a gateway with Services needs them. */
const translationHook = "type nat hook";

const translationTable = tableWith(
  "type nat hook prerouting priority dstnat\n dnat ip to 192.0.2.1",
);

/** Operations that fail if the kernel has no nf_tables, but not if a namespace is missing. */
const probes: ReadonlySet<string> = new Set(["netlink socket", "list tables"]);

/** Errors that do not depend on the parts that the kernel has. */
const unrelated: ReadonlySet<string> = new Set(["EPERM", "EACCES", "EMFILE", "ENFILE"]);

/** Whether the kernel refused to list tables because it has no nf_tables. */
export function meansNoTables({ op, code, retryable }: NetlinkError): boolean {
  return probes.has(op) && !unrelated.has(code) && !retryable;
}

/**
 * Describes the part of the system or its kernel that packet filters need and that is missing, and
 * the way to get it; undefined if nothing is missing, or if that cannot be determined.
 *
 * @param namespace the namespace to try it in, a path; undefined for the process's own
 * @param rules the rules of a filter; all rules that ipman uses by default
 */
export function missingRequirement(
  namespace: string | undefined,
  rules: string = hashExpression,
  { netlink, nft } = linuxFilters,
): string | undefined {
  const fails = (commands: string) =>
    failureOf(() => nft.check("check packet filter", namespace, commands));
  const refused = failureOf(() => {
    using socket = NetlinkSocket.open(namespace, Protocol.netfilter, netlink);
    tableNames(socket);
  });
  if (refused instanceof NetlinkError) {
    if (!meansNoTables(refused)) return undefined;
    return lacking("nf_tables", "nf_tables", "CONFIG_NF_TABLES", refused);
  }
  const plain = fails(tableWith(""));
  if (plain instanceof NftError && plain.code === "UNAVAILABLE") return plain.message;
  if (plain !== undefined)
    return lacking("tables of the family inet", "nf_tables", "CONFIG_NF_TABLES_INET", plain);
  if (rules.includes(deviceHook)) {
    const device = fails(deviceTable);
    return (
      device &&
      lacking("tables of the family netdev", "nf_tables", "CONFIG_NF_TABLES_NETDEV", device)
    );
  }
  if (rules.includes(translationHook)) {
    const translation = fails(translationTable);
    if (translation !== undefined)
      return lacking("address translation in nf_tables", "nft_nat", "CONFIG_NFT_NAT", translation);
  }
  if (!rules.includes(hashExpression)) return undefined;
  const hash = fails(tableWith(`${hashExpression} ip saddr mod 2 seed 1 0`));
  return hash && lacking("hashes in nf_tables", "nft_hash", "CONFIG_NFT_HASH", hash);
}

function tableWith(rule: string): string {
  return `table inet ipman_check {\n chain rules {\n ${rule}\n }\n}`;
}

function lacking(part: string, module: string, option: string, { message }: Error): string {
  return `the kernel has no ${part} (${message}); load the module ${module}, or use a kernel with ${option}`;
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
