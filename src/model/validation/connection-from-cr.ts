import { parseAddress, type Address } from "../net/address.ts";
import { parseRange, type AddressRange } from "../net/address-pool.ts";
import type {
  Child,
  Connection,
  FailoverSettings,
  Path,
  Probe,
  UnroutedNetwork,
} from "../api/connection.ts";
import { connectionProblems } from "./connection-problems.ts";
import { defaultFailover, defaultStandby } from "../api/path.ts";
import { floatingAddressOf, withFloating } from "./paths/floating-from-spec.ts";
import { placeOf } from "../api/group.ts";
import { childSelectors } from "../api/selector-sets.ts";
import { isSingleHost } from "../api/remote-address.ts";
import { parseAction } from "../charon/options/action.ts";
import { canonicalExtra } from "../charon/options/extra.ts";
import { natFromSpec } from "./nat/nat-from-spec.ts";
import { repaired } from "./repaired.ts";
import { remoteAsSeen, type ChildNat } from "../translation/child-nat.ts";
import { withoutRange } from "../net/address-pool.ts";
import { own } from "../value/own.ts";
import { parsePrefix, type Prefix } from "../net/prefix.ts";
import { isSpecific } from "../network/tunnel-routes.ts";
import type { Result } from "../api/result.ts";
import {
  IPSecConnection as Schema,
  type IPSecConnection,
  type IPSecConnectionSpec,
  type PathSpec,
} from "../api/schema/ipsec-connection.ts";
import type { ChildSpec } from "../api/schema/child.ts";
import { schemaProblems } from "./schema-problems.ts";
import { sizeProblems } from "./size-problems.ts";

/** The connection of a manifest, or every problem of the manifest. */
export function connectionFromCr(document: unknown): Result<Connection> {
  const ofSize = sizeProblems(Schema, document);
  if (ofSize.length > 0) return { ok: false, problems: ofSize };
  const ofShape = schemaProblems("IPSecConnection", document);
  const cr = (ofShape.length === 0 ? document : repaired(Schema, document)) as IPSecConnection;
  // Problems of repaired values are not reported.
  const ofMeaning = connectionProblems(cr).filter(
    ({ path }) => !ofShape.some((problem) => isWithin(path, problem.path)),
  );
  const problems = [...ofShape, ...ofMeaning];
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: convert(cr) };
}

/** Whether a path is the outer path or below it. */
function isWithin(path: string, outer: string): boolean {
  return path === outer || path.startsWith(`${outer}.`) || path.startsWith(`${outer}[`);
}

function convert({ metadata, spec: declared }: IPSecConnection): Connection {
  const floating = floatingAddressOf(declared);
  const spec = floating === undefined ? declared : withFloating(declared, floating);
  return {
    id: metadata.name,
    name: spec.name,
    generation: metadata.generation ?? 0,
    ...pathValues(spec),
    allowedNamespaces: spec.allowedNamespaces,
    children: Object.entries(spec.children).map(([key, child]) =>
      childFromSpec(key, child, isSingleHost(spec.remoteAddr)),
    ),
    paths: (spec.paths ?? []).map((path) => pathFromSpec(path, spec)),
    failover: failoverSettings(spec),
    ...(floating !== undefined && { floating }),
  };
}

function failoverSettings({ failover = {} }: IPSecConnectionSpec): FailoverSettings {
  const { floatingAddr: _address, floatingInterface: _interface, ...settings } = failover;
  return { ...defaultFailover, ...settings };
}

/** The values that a path may have of its own. */
function pathValues(spec: IPSecConnectionSpec): Omit<Path, "name" | "standby"> {
  const anyAddress = spec.localAddr === "" || spec.localAddr === "%any";
  return {
    remoteAddr: spec.remoteAddr,
    remoteAddress: isSingleHost(spec.remoteAddr) ? parseAddress(spec.remoteAddr) : undefined,
    localAddr: anyAddress ? undefined : spec.localAddr,
    localId: spec.localId.trim(),
    remoteId: spec.remoteId.trim(),
    secretRef: { ...spec.secretRef },
    extra: canonicalExtra(spec.extra ?? {}),
    groupRef: spec.groupRef,
    nodeName: spec.nodeName,
    interfaceName: undefined,
    behindFrontend: false,
  };
}

function pathFromSpec(path: PathSpec, spec: IPSecConnectionSpec): Path {
  const { name, standby: declared, extra, ...own } = path;
  const place = placeOf(path, spec);
  const { extra: inherited, ...values } = { ...pathValues({ ...spec, ...own }), ...place };
  // ipman dials to stand by, unless the peer alone dials and nothing else is declared.
  const isPeers = !isSingleHost(values.remoteAddr) || !Object.values(spec.children).some(isDialled);
  const standby = declared ?? (isPeers ? "cold" : defaultStandby);
  return { name, standby, ...values, extra: { ...inherited, ...canonicalExtra(extra ?? {}) } };
}

/** Whether ipman or traffic is to bring up a child. */
function isDialled({ extra = {} }: ChildSpec): boolean {
  const action = parseAction(own(canonicalExtra(extra), "start_action") ?? "start");
  return action?.start === true || action?.trap === true;
}

function childFromSpec(key: string, spec: ChildSpec, canInitiate: boolean): Child {
  const nat = natFromSpec(spec.nat);
  const pools = new Map(
    Object.entries(spec.ip_pools).map(([name, entries]) => [
      name,
      // The partner's answers to these addresses are for all workloads.
      withoutRange(
        entries.map((entry) => parseRange(entry) as AddressRange),
        nat?.addresses,
      ),
    ]),
  );
  const extra = canonicalExtra(spec.extra ?? {});
  const startAction = own(extra, "start_action") ?? "start";
  const local = (spec.local_ips ?? []).map(prefixOf);
  const remote = (spec.remote_ips ?? []).map(prefixOf);
  return {
    key,
    name: spec.name,
    localSelectors: local,
    ...networksBehindPeer(spec, nat),
    ...childSelectors(key, spec.selectorMode ?? "automatic", { local, remote }),
    xfrmIp: prefixOf(spec.xfrm_ip),
    vxlanIp: prefixOf(spec.vxlan_ip),
    ifId: spec.if_id,
    pools,
    extra,
    initiates: canInitiate && parseAction(startAction)?.start === true,
    probe: probeFromSpec(spec),
    ...(nat !== undefined && { nat }),
  };
}

/** The remote selectors of a child, with its routes: declared, or by default. */
function networksBehindPeer(
  { remote_ips = [], routes }: ChildSpec,
  nat: ChildNat | undefined,
): Pick<Child, "remoteSelectors" | "routes" | "unrouted"> {
  const remoteSelectors = remote_ips.map(prefixOf);
  if (routes !== undefined) return { remoteSelectors, routes: routes.map(prefixOf), unrouted: [] };
  const wide = remoteSelectors.filter((selector) => !isSpecific(selector));
  return {
    remoteSelectors,
    routes: remoteAsSeen(remoteSelectors.filter(isSpecific), nat),
    unrouted: wide.map((network): UnroutedNetwork => ({ network, why: "wide" })),
  };
}

const probeSeconds = 5;

function probeFromSpec({ probe }: ChildSpec): Probe | undefined {
  if (probe === undefined) return undefined;
  const { address, intervalSeconds = probeSeconds } = probe;
  return { address: parseAddress(address) as Address, intervalSeconds };
}

/** The prefix in a valid field. */
function prefixOf(text: string): Prefix {
  return parsePrefix(text) as Prefix;
}
