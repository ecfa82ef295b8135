import { hasSeveralGroups, placesOf } from "../../api/group.ts";
import { isSingleHost } from "../../api/remote-address.ts";
import { problemAt, type Problem } from "../../api/result.ts";
import type { IPSecConnectionSpec, PathSpec } from "../../api/schema/ipsec-connection.ts";
import { canonicalExtra } from "../../charon/options/extra.ts";
import { isTrue } from "../../charon/options/value-kind.ts";
import { parseAddress, sameAddress, type Address } from "../../net/address.ts";
import { contains, isNetwork, parsePrefix, type Prefix } from "../../net/prefix.ts";
import { own } from "../../value/own.ts";

/** The values of a connection or of a path. */
type PathFields = Pick<PathSpec, "standby" | "extra" | "localAddr" | "remoteAddr">;

const field = "spec.failover.floatingAddr";

/** The problems of the address that moves between the nodes of a connection's paths. */
export function floatingProblems(spec: IPSecConnectionSpec): Problem[] {
  const { floatingAddr, floatingInterface } = spec.failover ?? {};
  if (floatingAddr === undefined) {
    const message = "is the interface of floatingAddr, which is missing: add it, or remove this";
    return floatingInterface === undefined
      ? []
      : [{ path: "spec.failover.floatingInterface", message }];
  }
  const prefix = parsePrefix(floatingAddr);
  const places: readonly { readonly at: string; readonly values: PathFields }[] = [
    { at: "spec", values: spec },
    ...(spec.paths ?? []).map((values, i) => ({ at: `spec.paths[${i}]`, values })),
  ];
  return [
    ...problemAt(field, addressProblem(floatingAddr, prefix)),
    ...problemAt(field, groupProblem(spec)),
    ...problemAt("spec.failover.floatingInterface", interfaceProblem(floatingInterface)),
    ...places.flatMap(({ at, values }) => [
      ...standbyProblems(values, at),
      ...extraProblems(values, at),
      ...(prefix === undefined ? [] : addressProblems(values, prefix.address, at)),
    ]),
  ];
}

function addressProblem(text: string, prefix: Prefix | undefined): string | undefined {
  if (prefix === undefined || !text.includes("/"))
    return `"${text}" is not an address with a prefix length: write it like 203.0.113.5/24`;
  const { address, length } = prefix;
  if (!isUnicast(address))
    return `"${text}" is not an address that a node can have: use one of the nodes' network`;
  if (length < (address.family === 4 ? 31 : 127) && isNetwork(prefix))
    return `"${text}" is the address of a network: use that of a host in it`;
  return undefined;
}

/** The prefixes of addresses for which no neighbour asks, or for which several hosts answer. */
const unusable = ["0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/3", "::/127", "fe80::/10", "ff00::/8"].map(
  (text) => parsePrefix(text) as Prefix,
);

function isUnicast(address: Address): boolean {
  return !unusable.some((network) => contains(network, address));
}

/** Why an address that does not move between nodes is refused. */
export const floatsOnOneNode =
  "moves between nodes, and all paths are on one: set nodeName or groupRef of a path to another node, or use localAddr instead";

/** The nodes of a CharonGroup are not in this manifest. */
function groupProblem(spec: IPSecConnectionSpec): string | undefined {
  const isOfGroup = placesOf(spec).some(({ groupRef }) => groupRef !== undefined);
  return isOfGroup || hasSeveralGroups(spec) ? undefined : floatsOnOneNode;
}

/** The kernel's limit is that of the schema. */
function interfaceProblem(name: string | undefined): string | undefined {
  if (name === undefined || /^[^\s/:]+$/.test(name)) return undefined;
  return `"${name}" is not the name of an interface: it has no white space, no colon and no slash`;
}

function standbyProblems({ standby }: PathFields, at: string): Problem[] {
  if (standby === undefined || standby === "cold") return [];
  const message = `a path that stands by ${standby} has an IKE SA, and only the node of the active path has floatingAddr: remove standby, or set it to cold`;
  return [{ path: `${at}.standby`, message }];
}

function extraProblems({ extra = {} }: PathFields, at: string): Problem[] {
  const options = canonicalExtra(extra);
  const mobike = own(options, "mobike");
  const moves = mobike !== undefined && isTrue(mobike);
  const isNever = own(options, "unique")?.toLowerCase() === "never";
  return [
    ...problemAt(
      `${at}.extra.mobike`,
      moves
        ? "charon would move the IKE SA to another address of the node when floatingAddr leaves: remove mobike"
        : undefined,
    ),
    ...problemAt(
      `${at}.extra.unique`,
      isNever
        ? "charon would not ask the peer to end the IKE SA of the node that had floatingAddr: remove unique"
        : undefined,
    ),
  ];
}

function addressProblems(
  { localAddr, remoteAddr }: PathFields,
  floating: Address,
  at: string,
): Problem[] {
  const local = parseAddress(localAddr ?? "");
  const isOther =
    local === undefined
      ? ![undefined, "", "%any"].includes(localAddr)
      : !sameAddress(local, floating);
  const remote = isSingleHost(remoteAddr ?? "") ? parseAddress(remoteAddr ?? "") : undefined;
  return [
    ...problemAt(
      `${at}.localAddr`,
      isOther
        ? `"${localAddr}" is not spec.failover.floatingAddr, which is the local address of all paths: leave it empty`
        : undefined,
    ),
    ...problemAt(
      `${at}.remoteAddr`,
      remote !== undefined && remote.family !== floating.family
        ? `is IPv${remote.family}, but floatingAddr is IPv${floating.family}: use one family for both`
        : undefined,
    ),
  ];
}
