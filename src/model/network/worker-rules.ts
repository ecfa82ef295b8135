import { formatAddress, type Address } from "../net/address.ts";
import { announcementType, hashModulus } from "./announcement.ts";
import type { Worker } from "./endpoint.ts";
import type { RulesPlan } from "./rules-plan.ts";
import { etherTypeMatch, frameMatch, nftFamily, payloadField, vniMatch } from "./segment-frame.ts";
import type { WorkerSecrets } from "./segment.ts";

/** What a worker's packet filter depends on. */
export interface WorkerRulesFacts {
  readonly worker: Pick<Worker, "address"> & WorkerSecrets;
  /** The gateway's address on the pod network, when the worker is attached. */
  readonly gateway: Address;
  readonly ifId: number;
  readonly vxlanPort: number;
  /** The device of the segment. */
  readonly vxlan: string;
}

const segmentTablePrefix = "ipman_";

/** The VXLAN device that a table filters for; undefined where the table is not a worker's. */
export function segmentDeviceOf(table: string): string | undefined {
  return /^ipman_(vxlan\d+)$/.exec(table)?.[1];
}

/** How long an address counts as a gateway's after its last datagram, while none is proven. */
const gatewayKept = "1d";

/** How long an address is proven by an announcement: for two that are lost. */
const proofKept = "150s";

/** What `vxlanName` gives. */
const segmentDevices = "vxlan*";

/** More moves of a gateway within that time than there are. */
const mostGateways = 1024;

/**
 * A worker's packet filter, of one segment: other tables may have others. A datagram of the
 * segment reaches the VXLAN device if it has the MAC addresses and comes from the gateway's
 * address, or proves that its sender is the gateway at another address (`announcement.ts`).
 * While an address is proven, no other is the gateway's: another pod may get that of a former
 * gateway, with what workers still send to it, and so with the MAC addresses. Where none is
 * proven, since no agent is there to announce it, those that were go on.
 * The worker's address in the segment is reached through a segment alone: through this one, or
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
    ${frameMatch(ifId, macs)} goto gateway
    counter name refused drop
  }
${gatewayChain(source, worker.seeds)}
${route(vxlan)}`,
    members: [],
  };
}

/**
 * Judges first fragments of IPv6 datagrams, which are filtered one by one, before there is a
 * whole: the device's MTU leaves no reason for any. One passes only if it shows that its whole is
 * nothing of a segment's: the kernel also takes one that ends between two extension headers.
 */
function fragments(vxlanPort: number): string {
  return `  chain fragments {
    meta l4proto != 17 return
    udp dport != ${vxlanPort} return
    counter name refused drop
  }`;
}

const routeMark = "0x7789";

/** Keeps VXLAN from using the route that it cached for the address that a gateway had before. */
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
