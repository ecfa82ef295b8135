import { formatAddress, type Address } from "../../model/net/address.ts";
import { ok, problem, skipped, type Finding } from "../../model/status/finding.ts";
import type { ChildSa } from "../../model/charon/sa.ts";
import type { Examiner, Placed } from "./examiner.ts";

/** No packet network carries less (RFC 791). */
const leastBytes = 576;

/** What the kernel's counters mean to a person, for those that tell of the other side. */
const countersMean: Readonly<Record<string, string>> = {
  XfrmInNoStates: "ESP came for an SA that is not there",
  XfrmInStateProtoError: "ESP came that fails authentication: the two sides have different keys",
  XfrmInStateSeqError: "ESP came twice or too late: replayed, or badly out of order",
  XfrmInTmplMismatch: "packets came that belong in a tunnel, and were in none",
  XfrmInNoPols: "packets came through a tunnel that no policy lets in",
  XfrmInPolBlock: "packets came that a policy forbids",
  XfrmOutNoStates: "packets were to go through an SA that is not there",
  XfrmOutPolBlock: "packets were to go that a policy forbids",
  XfrmOutStateExpired: "packets were to go through an SA that has ended",
};

/** Whether packets pass to somebody behind the peer, of every size, and how far they come. */
export async function checkTraffic(
  placed: Placed,
  target: Address | undefined,
  examiner: Examiner,
): Promise<Finding[]> {
  if (target === undefined)
    return [
      skipped("traffic", "name somebody behind the peer who answers to ping: --ping ADDRESS"),
    ];
  const { gateway, child } = placed;
  const before = await countersOf(placed, examiner);
  const source = child.xfrmIp.address;
  const who = formatAddress(target);
  if (await examiner.answersGateway(gateway, source, { target }))
    return [ok("traffic", `${who} answers`), await checkSizes(placed, target, examiner)];
  const after = await countersOf(placed, examiner);
  return [...refusedHere(before, after), lost(who, before, after)].slice(0, 1);
}

interface Counters {
  readonly sa: Pick<ChildSa, "encapsulated" | "statistics"> | undefined;
  readonly errors: ReadonlyMap<string, number>;
}

async function countersOf({ connection, child }: Placed, examiner: Examiner): Promise<Counters> {
  const ikeSas = await examiner.statistics();
  const sas = ikeSas.filter((ike) => ike.connection === connection.name);
  const sa = sas.flatMap(({ children }) => children).findLast(({ name }) => name === child.key);
  return { sa, errors: examiner.xfrmErrors() };
}

function packetsOut({ sa }: Counters): number {
  return sa?.statistics?.packetsOut ?? 0;
}

function packetsIn({ sa }: Counters): number {
  return sa?.statistics?.packetsIn ?? 0;
}

/** What this side's IPsec threw away meanwhile. */
function refusedHere(before: Counters, after: Counters): Finding[] {
  const grown = [...after.errors].filter(
    ([name, count]) => count > (before.errors.get(name) ?? 0) && name in countersMean,
  );
  return grown.map(([name]) =>
    problem(
      "traffic",
      `${countersMean[name]} (${name})`,
      "`ipman restart CONNECTION` negotiates anew; if it recurs, compare both sides' selectors",
    ),
  );
}

/** How far the requests came, by the counters of the SA. */
function lost(who: string, before: Counters, after: Counters): Finding {
  const out = packetsOut(after) - packetsOut(before);
  const back = packetsIn(after) - packetsIn(before);
  if (out <= 0)
    return problem(
      "traffic",
      `${who} does not answer: nothing enters the CHILD SA`,
      "is the address in remote_ips, and xfrm_ip in local_ips?",
    );
  if (back > 0)
    return problem(
      "traffic",
      `${who} does not answer, though something comes back through the CHILD SA`,
      "is it the address of somebody who answers to ping?",
    );
  const wrapped = after.sa?.encapsulated === true;
  const esp = wrapped ? "ESP in UDP 4500" : "ESP (IP protocol 50)";
  return problem(
    "traffic",
    `${who} does not answer: packets leave through the CHILD SA, and none comes back`,
    `a firewall in between drops ${esp}, or the peer does not send answers into the tunnel` +
      (wrapped ? "" : "; `encap: yes` in `extra` wraps ESP in UDP 4500, which firewalls know"),
  );
}

/** Whether what is as large as the tunnel takes arrives, too. */
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
    `something on the way drops large packets without a word: give the route to the peer ` +
      `an MTU ${mtu - good} less than its device's (\`ip route replace PEER … mtu N\`)`,
  );
}
