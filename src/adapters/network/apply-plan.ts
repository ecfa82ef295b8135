import type { NetworkPlan } from "../../model/network/network-plan.ts";
import type { RulesPlan } from "../../model/rules/rules-plan.ts";
import { changedPorts } from "../../model/translation/tracked-ports.ts";
import { removeStaleFlows } from "../conntrack/stale-flows.ts";
import { NetlinkError } from "../linux/errors.ts";
import { deleteLink } from "../netlink/link-requests.ts";
import { listLinks } from "../netlink/links.ts";
import { NetlinkSocket } from "../netlink/socket.ts";
import {
  admitMembers,
  FilterMemory,
  isFiltered,
  restrictRules,
  rulesDiffer,
  type Restricted,
} from "../nftables/apply-rules.ts";
import {
  correctLinks,
  createLinks,
  found,
  isPlanned,
  setDown,
  type PlanPlace,
} from "./apply-links.ts";
import { difference } from "./difference.ts";
import { applySettings, settingsDrift } from "./settings.ts";
import { linux, type Kernel } from "./kernel.ts";
import { receive, receptionDrift } from "./reception.ts";

/** The result of a pass. */
export interface Applied {
  /** Requests for entries, and transactions of the packet filter; 0 when all were as planned. */
  readonly changes: number;
}

/**
 * Brings a namespace in line with a plan: compares it with the kernel's state and applies the
 * difference, so that a second pass changes nothing and any pass repairs what another program
 * changed. Other entries on the plan's own devices are removed; other devices are not touched.
 *
 * @throws {NetlinkError} the kernel's first refusal; the requests after it were still tried
 * @throws {NftError} if the packet filter cannot be restricted, and then nothing else is applied; or
 *   if a sender cannot be admitted
 */
export function applyPlan(
  place: PlanPlace,
  plan: NetworkPlan,
  filter: FilterMemory = new FilterMemory(),
  kernel: Kernel = linux,
): Applied {
  using socket = NetlinkSocket.open(place.namespace, undefined, kernel.netlink);
  const { namespace } = place;
  // The filter first: no device may carry packets without it.
  const { changes, ...later } = restrictFilter(socket, namespace, plan, filter, kernel);
  applySettings(namespace, plan, kernel.sysctls);
  const actual = createLinks(socket, place, plan.links, kernel.netlink);
  const received = plan.links.map((link) =>
    receive({ namespace, memory: filter, kernel }, link, found(actual, link)),
  );
  const links = received.map((reception) => reception.plan);
  const { planned, former } = correctLinks(socket, links, actual);
  const requests = [...difference(socket, planned, plan), ...former.map(deleteLink)];
  const [error] = socket.batch(requests);
  const { rules } = plan;
  // Senders last: without a route for the answers, the peer would hear that they are unreachable.
  const admitted = rules === undefined ? 0 : admitMembers(namespace, rules, later, filter, kernel);
  endStaleFlows(namespace, rules, filter, kernel);
  if (error !== undefined) throw error;
  const receptions = received.reduce((sum, reception) => sum + reception.changes, 0);
  return { changes: changes + receptions + requests.length + admitted };
}

/** Restricts the packet filter; sets the devices down if there is none and none can be set. */
function restrictFilter(
  socket: NetlinkSocket,
  namespace: string | undefined,
  { rules, links }: NetworkPlan,
  memory: FilterMemory,
  kernel: Kernel,
): Restricted {
  if (rules === undefined) return { changes: 0, lacking: [], replaced: [] };
  try {
    return restrictRules(namespace, rules, memory, kernel);
  } catch (error) {
    if (!isFiltered(namespace, rules, kernel)) setDown(socket, links);
    throw error;
  }
}

/**
 * Removes the flows to former backends, whose packets would not follow the changed rules. A kernel that
 * does not list tracked connections keeps them until they time out.
 */
function endStaleFlows(
  namespace: string | undefined,
  rules: RulesPlan | undefined,
  memory: FilterMemory,
  { netlink }: Kernel,
): void {
  const ports = rules?.tracking?.ports ?? [];
  try {
    removeStaleFlows(namespace, changedPorts(memory.ports, ports), netlink);
  } catch (error) {
    if (!(error instanceof NetlinkError && error.code === "EINVAL")) throw error;
  }
  memory.ports = ports;
}

/**
 * Describes what a pass would have to add or change; empty if the namespace is as planned.
 * Superfluous entries are left out, since they do no harm.
 *
 * @throws {NetlinkError} if the kernel's state cannot be read
 */
export function driftOf(
  namespace: string | undefined,
  plan: NetworkPlan,
  filter: FilterMemory = new FilterMemory(),
  kernel: Kernel = linux,
): string[] {
  using socket = NetlinkSocket.open(namespace, undefined, kernel.netlink);
  const actual = listLinks(socket);
  const links = new Map(
    plan.links.flatMap((link) => {
      const known = actual.find((candidate) => isPlanned(candidate, link));
      return known === undefined ? [] : [[link.name, known] as const];
    }),
  );
  const lacking = plan.links.filter(({ name }) => links.get(name)?.up !== true);
  if (lacking.length > 0)
    return lacking.map(({ name }) => `${links.has(name) ? "set up" : "create"} ${name}`);
  const { rules } = plan;
  const isFilterWrong = rules !== undefined && rulesDiffer(namespace, rules, filter, kernel);
  return [
    ...(isFilterWrong ? [`set packet filter ${rules.table}`] : []),
    ...receptionDrift({ namespace, memory: filter, kernel }, plan.links, links),
    ...settingsDrift(namespace, plan, kernel.sysctls),
    ...difference(socket, links, plan)
      .map(({ op }) => op)
      .filter((op) => !op.startsWith("delete")),
  ];
}
