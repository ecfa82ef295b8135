import type { Child } from "../../model/api/connection.ts";
import { formatAddress, sameAddress, type Address } from "../../model/net/address.ts";
import { ok, problem, skipped, type Finding } from "../../model/status/finding.ts";
import { childKeyOf } from "../../model/api/selector-sets.ts";
import type { ChildSa, IkeSa } from "../../model/charon/sa.ts";
import { actualRemote, seenLocal } from "../../model/translation/child-nat.ts";
import { contains, parsePrefix } from "../../model/net/prefix.ts";
import { childCounters } from "../../model/traffic/sa-counters.ts";
import { truncationRemedy } from "../../model/traffic/truncation.ts";
import type { Examiner, Placed } from "./examiner.ts";

/** Every IP network carries packets of this size (RFC 791). */
const leastBytes = 576;

/** The kernel counters that say something about the other side, in plain words. */
const countersMean: Readonly<Record<string, string>> = {
  XfrmInNoStates: "ESP arrived for an SA that does not exist",
  XfrmInStateProtoError:
    "ESP failed authentication: the two sides have different keys or lengths of the checksum",
  XfrmInStateSeqError: "ESP arrived twice or too late: replayed, or badly out of order",
  XfrmInTmplMismatch: "packets arrived in plaintext that belong in a tunnel",
  XfrmInNoPols: "packets arrived through a tunnel without a matching policy",
  XfrmInPolBlock: "packets arrived that a policy blocks",
  XfrmOutNoStates: "packets were sent to an SA that does not exist",
  XfrmOutPolBlock: "packets were sent that a policy blocks",
  XfrmOutStateExpired: "packets were sent to an SA that has expired",
};

/**
 * Checks whether packets of every size reach an address behind the peer, and how far they get. The
 * kernel's counters come first: they know a fault that an address could not.
 */
export async function checkTraffic(
  placed: Placed,
  target: Address | undefined,
  examiner: Examiner,
): Promise<Finding[]> {
  const mismatch = await checkIntegrity(placed, examiner);
  if (mismatch !== undefined) return [mismatch];
  if (target === undefined)
    return [
      skipped("traffic", "give an address behind the peer that answers ping: --ping ADDRESS"),
    ];
  const { gateway, child } = placed;
  const text = formatAddress(target);
  if (!isRouted(child, target))
    return [
      problem(
        "traffic",
        `${text} is in none of the child's routes: packets to it do not enter the tunnel`,
        child.nat === undefined
          ? "declare its network in routes, within remote_ips"
          : "use the address by which workers know it, or declare its network in routes",
      ),
    ];
  const before = await countersOf(placed, target, examiner);
  if (await examiner.answersGateway(gateway, child.xfrmIp.address, { target }))
    return [ok("traffic", `${text} answers`), await checkSizes(placed, target, examiner)];
  const after = await countersOf(placed, target, examiner);
  return [...refusedHere(child, before, after), lost(child, text, before, after)].slice(0, 1);
}

/** Reports that every packet of the peer fails the integrity check. */
async function checkIntegrity(
  { charonName, child, tunnels }: Placed,
  examiner: Examiner,
): Promise<Finding | undefined> {
  const sas = childSas(await examiner.statistics(), charonName, child);
  const own = examiner.saCounters().filter(({ ifId }) => ifId === tunnels[0]);
  const { packetsIn, integrityFailures } = childCounters(own, sas);
  if (packetsIn > 0 || integrityFailures === 0) return undefined;
  return problem(
    "traffic",
    `${integrityFailures} ESP packets of the peer arrived, and every one failed the integrity check`,
    truncationRemedy(child, sas) ?? "compare the ESP algorithms of both sides",
  );
}

function childSas(ikeSas: readonly IkeSa[], name: string, { key }: Placed["child"]): ChildSa[] {
  const own = ikeSas.filter((ike) => ike.connection === name);
  return own.flatMap(({ children }) => children).filter((sa) => childKeyOf(sa.name) === key);
}

/** Whether the gateway sends packets to an address into the tunnel. */
function isRouted({ routes, probe }: Child, target: Address): boolean {
  if (probe !== undefined && sameAddress(probe.address, target)) return true;
  return routes.some((route) => contains(route, target));
}

interface Counters {
  readonly sa: ChildSa | undefined;
  readonly errors: ReadonlyMap<string, number>;
}

/** The counters of the CHILD SA that carries packets to an address, and the kernel's errors. */
async function countersOf(
  { charonName, child }: Placed,
  target: Address,
  examiner: Examiner,
): Promise<Counters> {
  const own = childSas(await examiner.statistics(), charonName, child);
  const actual = actualRemote(target, child.nat);
  const sa = own.findLast(({ remoteSelectors }) => carries(remoteSelectors, actual)) ?? own.at(-1);
  return { sa, errors: examiner.xfrmErrors() };
}

/** Whether packets to an address match the traffic selectors of an SA. */
function carries(remoteSelectors: readonly string[], target: Address): boolean {
  return remoteSelectors.some((text) => {
    const prefix = parsePrefix(text);
    return prefix !== undefined && contains(prefix, target);
  });
}

function packetsOut({ sa }: Counters): number {
  return sa?.statistics?.packetsOut ?? 0;
}

function packetsIn({ sa }: Counters): number {
  return sa?.statistics?.packetsIn ?? 0;
}

/** Reports packets that IPsec on this side dropped meanwhile. */
function refusedHere(child: Placed["child"], before: Counters, after: Counters): Finding[] {
  const grown = [...after.errors].filter(
    ([name, count]) => count > (before.errors.get(name) ?? 0) && name in countersMean,
  );
  const restart =
    "`ipman restart CONNECTION` negotiates new SAs; if it recurs, compare the selectors of both sides";
  const truncation = truncationRemedy(child, after.sa === undefined ? [] : [after.sa]);
  return grown.map(([name]) => {
    const remedy = name === "XfrmInStateProtoError" ? (truncation ?? restart) : restart;
    return problem("traffic", `${countersMean[name]} (${name})`, remedy);
  });
}

/** Explains how far the requests got, by the counters of the SA. */
function lost(child: Placed["child"], target: string, before: Counters, after: Counters): Finding {
  const out = packetsOut(after) - packetsOut(before);
  const back = packetsIn(after) - packetsIn(before);
  if (out <= 0)
    return problem(
      "traffic",
      `${target} does not answer: nothing enters the CHILD SA`,
      sourceRemedy(child),
    );
  if (back > 0)
    return problem(
      "traffic",
      `${target} does not answer, but other packets come back through the CHILD SA`,
      "check that the address answers ping",
    );
  const wrapped = after.sa?.encapsulated === true;
  const esp = wrapped ? "ESP in UDP 4500" : "ESP (IP protocol 50)";
  const encapsulate =
    "`encap: yes` in `extra` encapsulates ESP in UDP 4500, which firewalls often allow";
  const truncation = truncationRemedy(child, after.sa === undefined ? [] : [after.sa]);
  return problem(
    "traffic",
    `${target} does not answer: packets leave through the CHILD SA, and none comes back`,
    [
      `a firewall drops ${esp}, the peer discards it, or the peer does not route the answers into the tunnel`,
      ...(wrapped ? [] : [encapsulate]),
      ...(truncation === undefined ? [] : [truncation]),
    ].join("; "),
  );
}

/** How packets of the gateway itself match the selectors of the tunnel. */
function sourceRemedy({ xfrmIp, nat }: Placed["child"]): string {
  const seen = seenLocal(xfrmIp.address, nat);
  const source =
    seen === undefined || sameAddress(seen, xfrmIp.address)
      ? "xfrm_ip"
      : `${formatAddress(seen)}, which the partner sees of xfrm_ip,`;
  return `check that the address is in routes (remote_ips by default) and ${source} in local_ips`;
}

/** Checks whether packets as large as the tunnel's MTU arrive. */
async function checkSizes(placed: Placed, target: Address, examiner: Examiner): Promise<Finding> {
  const { gateway, child } = placed;
  const mtu = examiner.tunnelMtu(placed);
  const passes = (bytes: number) =>
    examiner.answersGateway(gateway, child.xfrmIp.address, { target, bytes });
  if (await passes(mtu)) return ok("packet size", `packets of ${mtu} bytes pass`);
  let [good, bad] = [leastBytes, mtu];
  while (bad - good > 8) {
    const middle = (good + bad) >> 1;
    if (await passes(middle)) good = middle;
    else bad = middle;
  }
  return problem(
    "packet size",
    `packets of ${good} bytes pass, and larger ones are lost, though the tunnel's MTU is ${mtu}`,
    `a device on the path drops large packets silently: set the MTU of the route to the peer ` +
      `${mtu - good} below that of its device (\`ip route replace PEER … mtu N\`)`,
  );
}
