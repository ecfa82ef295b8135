import { groupIdOf, placesOf } from "../../api/group.ts";
import { linkNameProblem } from "../../api/names.ts";
import { isSingleHost } from "../../api/remote-address.ts";
import { problemAt, type Problem } from "../../api/result.ts";
import type { IPSecConnectionSpec, PathSpec } from "../../api/schema/ipsec-connection.ts";
import { canonicalExtra } from "../../charon/options/extra.ts";
import { isTrue } from "../../charon/options/value-kind.ts";
import { bitsOf, parseAddress, sameAddress, type Address } from "../../net/address.ts";
import { contains, isLast, isNetwork, parsePrefix, type Prefix } from "../../net/prefix.ts";
import { own } from "../../value/own.ts";

/** The values of a connection or of a path. */
type PathFields = Pick<PathSpec, "standby" | "extra" | "localAddr" | "remoteAddr">;

/** The field of a floating address. */
export const floatingField = "spec.failover.floatingAddr";

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
    ...problemAt(floatingField, addressProblem(floatingAddr, prefix, floatingInterface)),
    ...problemAt(floatingField, placesProblem(spec)),
    ...problemAt(
      "spec.failover.floatingInterface",
      floatingInterface === undefined ? undefined : linkNameProblem(floatingInterface),
    ),
    ...places.flatMap(({ at, values }) => [
      ...standbyProblems(values, at),
      ...extraProblems(values, at),
      ...(prefix === undefined ? [] : addressProblems(values, prefix.address, at)),
    ]),
  ];
}

function addressProblem(
  text: string,
  prefix: Prefix | undefined,
  interfaceName: string | undefined,
): string | undefined {
  if (prefix === undefined || !text.includes("/"))
    return `"${text}" is not an address with a prefix length: write it like 203.0.113.5/24`;
  const { address, length } = prefix;
  const bits = bitsOf(address.family);
  if (!isUnicast(address))
    return `"${text}" is not an address that a node can have: use one of the nodes' network`;
  if (length === 0)
    return `"${text}" has the length of all networks: write that of the nodes' network, as in 203.0.113.5/24`;
  if (length === bits && interfaceName === undefined)
    return `"${text}" has the length of one host, in whose network no interface has another address: write that of the nodes' network, as in 203.0.113.5/24, or set floatingInterface`;
  if (length < bits - 1 && isNetwork(prefix))
    return `"${text}" is the address of a network: use that of a host in it`;
  if (address.family === 4 && length < bits - 1 && isLast(prefix))
    return `"${text}" is the broadcast address of its network: use that of a host in it`;
  return undefined;
}

/** The prefixes of addresses for which no neighbour asks, or for which several hosts answer. */
const unusable = [
  "0.0.0.0/8",
  "127.0.0.0/8",
  "224.0.0.0/3",
  "::/127",
  "::ffff:0:0/96",
  "fe80::/10",
  "ff00::/8",
].map((text) => parsePrefix(text) as Prefix);

function isUnicast(address: Address): boolean {
  return !unusable.some((network) => contains(network, address));
}

/** Without paths, a CharonGroup makes one on each of its nodes, which are not known here. */
function placesProblem(spec: IPSecConnectionSpec): string | undefined {
  if (spec.paths === undefined) return undefined;
  const places = placesOf({ ...spec, paths: spec.paths }).map(
    (place) => `${groupIdOf(place)} ${place.nodeName}`,
  );
  return new Set(places).size > 1 ? undefined : onOneNode;
}

/** The problem of a floating address whose paths are all on one node. */
export const onOneNode =
  "moves between nodes, and all paths are on one: give a path another nodeName or groupRef, use a CharonGroup with nodeNames, or set localAddr instead";

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
  const isPeer = remote !== undefined && sameAddress(remote, floating);
  return [
    ...problemAt(
      `${at}.remoteAddr`,
      isPeer
        ? "is floatingAddr too, which is an address of this side: change one of them"
        : undefined,
    ),
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
