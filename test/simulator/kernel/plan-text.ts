import { ageless, routeOrigin } from "../../../src/adapters/linux/constants.ts";
import type { Link } from "../../../src/adapters/netlink/links.ts";
import type { LinkPlan, NetworkPlan } from "../../../src/model/network/network-plan.ts";
import { hasReception, receptionRules } from "../../../src/model/network/reception-rules.ts";
import { replaceTable } from "../../../src/model/rules/rules-plan.ts";
import { addressText, fdbText, linkText, neighbourText, routeText } from "./entry-text.ts";

/** Prints the devices of a plan and the entries on them as `namespaceText` prints a namespace's. */
export function planText({ links, addresses, routes, neighbours, fdb }: NetworkPlan): string {
  const names = links.map(({ name }) => name);
  const indexOf = (name: string) => names.indexOf(name);
  const nameOf = (index: number) => names[index] ?? "";
  return [
    ...links.map((link) => `link ${linkText(linkOf(link), () => link.underlying ?? "")} up noarp`),
    ...addresses.map(
      ({ link, prefix }) =>
        `addr ${addressText({ linkIndex: indexOf(link), prefix, scope: 0 }, nameOf)}`,
    ),
    ...routes.map(({ link, destination, gateway, source }) => {
      const route = { linkIndex: indexOf(link), destination, gateway, source, origin: routeOrigin };
      return `route ${routeText(route, nameOf)}`;
    }),
    ...neighbours.map(
      ({ link, address, mac }) =>
        `neigh ${neighbourText({ linkIndex: indexOf(link), address, mac, moves: false }, nameOf)}`,
    ),
    ...fdb.map(
      ({ link, vtep, mac, moves }) =>
        `fdb ${fdbText({ linkIndex: indexOf(link), address: vtep, mac, moves }, nameOf)}`,
    ),
  ].join("\n");
}

/** Prints a whole plan, with the commands that set its packet filter. */
export function wholePlanText(plan: NetworkPlan): string {
  return [
    planText(plan),
    ...(plan.forwarding ? ["forwarding"] : []),
    ...(plan.rules === undefined ? [] : ["", replaceTable(plan.rules)]),
    ...plan.links.flatMap((link, index) =>
      link.kind === "vxlan" && hasReception(link)
        ? ["", replaceTable(receptionRules(link, index))]
        : [],
    ),
    "",
  ].join("\n");
}

function linkOf(plan: LinkPlan): Link {
  const { name, kind, mtu } = plan;
  const common = {
    index: 0,
    name,
    kind,
    mtu,
    up: true,
    arp: false,
    master: 0,
    alias: "",
    counters: undefined,
  };
  if (plan.kind === "xfrm") {
    const xfrm = { ifId: plan.ifId, underlying: 0 };
    return { ...common, mac: "", vxlan: undefined, xfrm };
  }
  const { vni, port, local, mac, learning } = plan;
  const limit = learning === false ? 0 : learning.most;
  const isLearning = learning !== false;
  const vxlan = { vni, port, underlying: 0, local, learning: isLearning, ageing: ageless, limit };
  return { ...common, mac, vxlan, xfrm: undefined };
}
