import { isDeepStrictEqual } from "node:util";
import { labelValueProblem } from "../../api/names.ts";
import { isSingleHost } from "../../api/remote-address.ts";
import { problemAt, type Problem } from "../../api/result.ts";
import type { IPSecConnectionSpec, PathSpec } from "../../api/schema/ipsec-connection.ts";
import { connectionExtraProblems } from "../../charon/options/extra-problems.ts";
import { identitiesOverlap, identityPattern } from "../../identity/identity-overlap.ts";
import { placementProblems } from "./placement-problems.ts";
import { floatingProblems } from "./floating-problems.ts";
import { identityProblem } from "../../identity/identity-problem.ts";
import { localAddressProblem } from "../../api/local-address.ts";
import { groupIdOf, placeOf, type Placement } from "../../api/group.ts";
import { formatAddress, parseAddress } from "../../net/address.ts";
import { secretRefProblems } from "../../api/secret-ref-problems.ts";

/** The problems of a connection's paths. */
export function pathProblems(spec: IPSecConnectionSpec): Problem[] {
  const { paths = [] } = spec;
  const ofAll = [...failoverProblems(spec), ...floatingProblems(spec)];
  if (paths.length === 0) return ofAll;
  return [
    ...ofAll,
    ...connectionProblems(spec),
    ...paths.flatMap((path, i) => [
      ...ownProblems(path, spec, `spec.paths[${i}]`),
      ...clashes(paths, i, spec),
    ]),
  ];
}

/** Without paths, a CharonGroup may have several nodes and make a path of each. */
function failoverProblems({ failover, paths = [], groupRef }: IPSecConnectionSpec): Problem[] {
  const isOfGroup = paths.length === 0 && groupRef !== undefined;
  if (failover === undefined || paths.length > 1 || isOfGroup) return [];
  const message = "chooses between paths: declare at least two, or remove failover";
  return [{ path: "spec.failover", message }];
}

/** Paths inherit the connection's address, and children initiate to a single host only. */
function connectionProblems({ remoteAddr }: IPSecConnectionSpec): Problem[] {
  if (isSingleHost(remoteAddr)) return [];
  const message = `"${remoteAddr}" is not a single host, which a connection with paths needs: use the address of the preferred path`;
  return [{ path: "spec.remoteAddr", message }];
}

function ownProblems(path: PathSpec, spec: IPSecConnectionSpec, at: string): Problem[] {
  const { name, remoteAddr, localId, remoteId, secretRef } = path;
  const effective = { ...spec, ...path };
  return [
    ...problemAt(`${at}.name`, labelValueProblem(name)),
    ...placementProblems(path, at),
    ...problemAt(`${at}.remoteAddr`, remoteProblem(remoteAddr)),
    ...problemAt(`${at}.localAddr`, localAddressProblem(effective)),
    ...problemAt(`${at}.localId`, localId && identityProblem(localId.trim())),
    ...problemAt(`${at}.remoteId`, remoteId && identityProblem(remoteId.trim())),
    ...(secretRef === undefined ? [] : secretRefProblems(secretRef, `${at}.secretRef`)),
    ...extraProblems(path, spec).map((problem) => ({
      ...problem,
      path: `${at}.extra.${problem.path}`,
    })),
  ];
}

/** The problems of a path's options, without those that the connection's have already. */
function extraProblems({ extra = {} }: PathSpec, { extra: inherited = {} }: IPSecConnectionSpec) {
  const known = new Set(connectionExtraProblems(inherited).map(({ message }) => message));
  return connectionExtraProblems(extra, inherited).filter(
    ({ path, message }) => Object.hasOwn(extra, path) || !known.has(message),
  );
}

function remoteProblem(remoteAddr: string | undefined): string | undefined {
  if (remoteAddr === undefined || isSingleHost(remoteAddr)) return undefined;
  return `"${remoteAddr}" is not a single host: a path needs an IP address or a DNS name`;
}

/** A charon distinguishes its paths by their addresses, and people all paths by their names. */
function clashes(paths: readonly PathSpec[], i: number, spec: IPSecConnectionSpec): Problem[] {
  const path = paths[i] as PathSpec;
  const earlier = paths.slice(0, i);
  const namesake = earlier.findIndex(({ name }) => name === path.name);
  const place = placeOf(path, spec);
  const beside = earlier.filter((one) => areTogether(placeOf(one, spec), place));
  const twin = beside.find((other) => addressesOf(other, spec) === addressesOf(path, spec));
  const other = beside.find((one) => hasAnotherKey(one, path, spec));
  return [
    ...problemAt(
      `spec.paths[${i}].name`,
      namesake < 0
        ? undefined
        : `"${path.name}" is also the name of paths[${namesake}]: use unique names`,
    ),
    ...problemAt(
      `spec.paths[${i}].remoteAddr`,
      twin && `the path ${twin.name} has the same remoteAddr and localAddr: use another address`,
    ),
    ...problemAt(
      `spec.paths[${i}].secretRef`,
      other &&
        `the path ${other.name} has another secretRef and a remoteId that overlaps with this one, and charon could take one key for the other: use one key, or another remoteId`,
    ),
  ];
}

/** Whether one charon has two paths; of a group, if both name the same node or none. */
function areTogether(a: Placement, b: Placement): boolean {
  return groupIdOf(a) === groupIdOf(b) && a.nodeName === b.nodeName;
}

function hasAnotherKey(a: PathSpec, b: PathSpec, spec: IPSecConnectionSpec): boolean {
  const [one, two] = [
    { ...spec, ...a },
    { ...spec, ...b },
  ];
  const patternOf = ({ remoteId }: Pick<IPSecConnectionSpec, "remoteId">) =>
    identityPattern(remoteId.trim());
  return (
    !isDeepStrictEqual(one.secretRef, two.secretRef) &&
    identitiesOverlap(patternOf(one), patternOf(two))
  );
}

function addressesOf(path: PathSpec, spec: IPSecConnectionSpec): string {
  const { remoteAddr, localAddr } = { ...spec, ...path };
  return JSON.stringify([remoteAddr, localAddr === "" ? "%any" : localAddr].map(canonical));
}

function canonical(written: string): string {
  const address = parseAddress(written);
  return address === undefined ? written.toLowerCase() : formatAddress(address);
}
