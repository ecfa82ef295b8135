import { nftFamily } from "../rules/nft-family.ts";
import { formatAddress, type Address } from "../net/address.ts";
import { announcementType, hashModulus } from "./announcement.ts";
import type { Worker } from "./endpoint.ts";
import type { RulesPlan } from "../rules/rules-plan.ts";
import { sendingPrefix } from "./sending-mac.ts";
import {
  etherTypeMatch,
  frameMatch,
  payloadField,
  sourcePrefixMatch,
  vniMatch,
} from "./segment-frame.ts";
import type { WorkerSecrets } from "./segment.ts";

/** The input of a worker's packet filter. */
export interface WorkerRulesFacts {
  readonly worker: Pick<Worker, "address"> & WorkerSecrets;
  /** The gateway's address on the pod network at the time that the worker is attached. */
  readonly gateway: Address;
  readonly ifId: number;
  readonly vxlanPort: number;
  /** The device of the segment. */
  readonly vxlan: string;
  /** Whether the child's gateways send by addresses of their own (`sending-mac.ts`). */
  readonly severalGateways?: true | undefined;
}

const segmentTablePrefix = "ipman_";

/** The VXLAN device whose segment a table filters; undefined for a table that is not a worker's. */
export function segmentDeviceOf(table: string): string | undefined {
  return /^ipman_(vxlan\d+)$/.exec(table)?.[1];
}

/** How long an address counts as the gateway's after its last datagram, while none is proven. */
const gatewayKept = "1d";

/** How long an announcement proves an address: two of them may be lost. */
const proofKept = "150s";

/** Matches every name that `vxlanName` returns. */
const segmentDevices = "vxlan*";

/** Exceeds the moves of a gateway within that time. */
const mostGateways = 1024;

/**
 * Plans a worker's packet filter for one segment; each segment has its own table. A datagram of the
 * segment reaches the VXLAN device if it has the right MAC addresses and comes from the gateway's
 * address, or proves that its sender is the gateway at a new address (`announcement.ts`).
 * While an address is proven, no other address counts as the gateway's: another pod may get the
 * address of a former gateway, receive what workers still send there, and so learn the MAC
 * addresses. If no address is proven, because no agent announces one, earlier ones stay valid.
 * The worker's address in the segment is reachable through segments only: through this one, or
 * through one that the namespace is attached to later with the same address.
 */
export function workerRules(facts: WorkerRulesFacts): RulesPlan {
  const { worker, gateway, ifId, vxlanPort, vxlan } = facts;
  const outer = nftFamily(gateway.family);
  const inner = nftFamily(worker.address.address.family);
  const source = `${outer.name} saddr`;
  const macs = { destination: worker.mac, source: worker.gatewayMac };
  return {
    table: `${segmentTablePrefix}${vxlan}`,
    sets: [],
    frame: `
${gatewaySets(outer.type, gateway)}
  counter refused { }
  chain segment {
    type filter hook input priority raw; policy accept;
    iifname != "lo" iifname != "${segmentDevices}" ${inner.name} daddr ${formatAddress(worker.address.address)} counter name refused drop
    frag frag-off 0 jump fragments
    udp dport ${vxlanPort} ${vniMatch(ifId)} goto frames
  }
${fragments(vxlanPort)}
  chain frames {
    ${frameMatch(ifId, macs)} goto gateway${senders(facts)}
    counter name refused drop
  }
${gatewayChain(source, worker.seeds)}
${route(vxlan)}`,
    members: [],
  };
}

/** Accepts the sending addresses of gateways beside the common one. */
function senders({ worker, ifId, severalGateways }: WorkerRulesFacts): string {
  if (severalGateways !== true) return "";
  const prefix = sendingPrefix(worker.gatewayMac);
  return `\n    ${sourcePrefixMatch(ifId, worker.mac, prefix)} goto gateway`;
}

/**
 * Filters first fragments of IPv6 datagrams, which pass the hook before they are reassembled. The
 * device's MTU leaves no reason for fragments. A first fragment passes only if it shows that its
 * datagram is not one of a segment; the kernel also accepts one that ends between two extension
 * headers.
 */
function fragments(vxlanPort: number): string {
  return `  chain fragments {
    meta l4proto != 17 return
    udp dport != ${vxlanPort} return
    counter name refused drop
  }`;
}

const routeMark = "0x7789";

/** Prevents VXLAN from using the route that it cached for the gateway's previous address. */
function route(vxlan: string): string {
  return `  chain route {
    type filter hook postrouting priority mangle; policy accept;
    oifname "${vxlan}" meta mark set ${routeMark}
  }`;
}

function gatewaySets(type: string, gateway: Address): string {
  const bounds = `flags dynamic,timeout; size ${mostGateways}`;
  return `  set gateways {
    type ${type}; ${bounds}; timeout ${gatewayKept}
    elements = { ${formatAddress(gateway)} }
  }
  set proven {
    type ${type}; ${bounds}; timeout ${proofKept}
  }
  set proving {
    type nf_proto; ${bounds}; timeout ${proofKept}
  }`;
}

function gatewayChain(source: string, seeds: readonly number[]): string {
  const proofs = seeds.map(
    (seed, i) => `jhash ${source} . ${payloadField(i)} mod ${hashModulus} seed ${seed} 0`,
  );
  const known = `update @gateways { ${source} }`;
  const proven = `update @proven { ${source} } update @proving { meta nfproto }`;
  return `  chain gateway {
    ${etherTypeMatch(announcementType)} ${proofs.join(" ")} ${known} ${proven} accept
    ${source} @proven ${known} accept
    meta nfproto @proving counter name refused drop
    ${source} @gateways ${known} accept
    counter name refused drop
  }`;
}
