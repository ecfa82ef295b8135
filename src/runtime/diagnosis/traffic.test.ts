import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { childSa, connectionOf, gateway, ikeSa } from "../../../test/models/fixtures.ts";
import type { Child } from "../../model/api/connection.ts";
import type { ChildSaStatistics } from "../../model/charon/sa-statistics.ts";
import { parseAddress, type Address } from "../../model/net/address.ts";
import type { Finding } from "../../model/status/finding.ts";
import type { Examiner, Placed } from "./examiner.ts";
import { checkTraffic } from "./traffic.ts";

const address = (text: string) => parseAddress(text) as Address;
const target = address("10.1.2.1");

/** The kernel and the peer: counters that a diagnosis reads, and whether pings are answered. */
interface Situation {
  readonly packetsIn?: number;
  readonly integrityFailures?: number;
  readonly integrity?: string;
  readonly extra?: Child["extra"];
  readonly answers?: boolean;
  /** The kernel's error that grows meanwhile. */
  readonly growing?: string;
}

async function findingsFor(situation: Situation, asked?: Address): Promise<Finding[]> {
  const { packetsIn = 0, integrityFailures = 0, answers = false, growing } = situation;
  const { integrity = "HMAC_SHA2_256_128", extra = {} } = situation;
  const connection = connectionOf();
  const child = { ...(connection.children[0] as Child), extra };
  const placed: Placed = {
    connection,
    child,
    gateway,
    workers: [],
    services: undefined,
    tunnel: undefined,
    tunnels: [child.ifId],
    charonName: connection.name,
  };
  let reads = 0;
  const statistics = async () => {
    const counted = { packetsOut: reads++ * 3, packetsIn } as ChildSaStatistics;
    return [ikeSa({ children: [childSa({ integrity, statistics: counted })] })];
  };
  const [peer, node] = [address("192.168.1.2"), address("192.168.1.1")];
  const examiner = {
    statistics,
    answersGateway: async () => answers,
    tunnelMtu: () => 1_400,
    xfrmErrors: () => new Map<string, number>(growing === undefined ? [] : [[growing, reads]]),
    saCounters: () => [
      { ifId: 102, source: peer, destination: node, packets: packetsIn, integrityFailures },
      { ifId: 103, source: peer, destination: node, packets: 0, integrityFailures: 7 },
    ],
  } as unknown as Examiner;
  return checkTraffic(placed, asked, examiner);
}

describe("the diagnosis of traffic", () => {
  it("names packets that all fail the integrity check, without an address to ask", async () => {
    const [finding, ...others] = await findingsFor({ integrityFailures: 4 });
    assert.equal(finding?.verdict, "problem");
    assert.match(finding.message, /^4 ESP packets of the peer arrived, and every one failed/);
    assert.match(finding.hint ?? "", /set `sha256_96: yes`/);
    assert.deepEqual(others, []);
  });

  it("suggests to remove an option that only this side has", async () => {
    const extra = { sha256_96: "yes" };
    const [finding] = await findingsFor({ integrityFailures: 4, extra });
    assert.match(finding?.hint ?? "", /^remove `sha256_96: yes`/);
  });

  it("compares the algorithms if the checksum has one length", async () => {
    const [finding] = await findingsFor({ integrityFailures: 4, integrity: "HMAC_SHA2_512_256" });
    assert.match(finding?.hint ?? "", /^compare the ESP algorithms/);
  });

  it("asks for an address if packets pass, or none arrived", async () => {
    for (const situation of [{ packetsIn: 9, integrityFailures: 4 }, {}]) {
      const [finding] = await findingsFor(situation);
      assert.equal(finding?.verdict, "skipped");
    }
  });

  it("includes the peer's checksum among the causes if nothing comes back", async () => {
    const [finding] = await findingsFor({}, target);
    assert.match(finding?.message ?? "", /packets leave through the CHILD SA, and none comes back/);
    assert.match(finding?.hint ?? "", /firewall drops ESP .*`encap: yes`.*`sha256_96: yes`/);
    const [other] = await findingsFor({ integrity: "" }, target);
    assert.doesNotMatch(other?.hint ?? "", /sha256_96/);
  });

  it("names the counter of the kernel that grows meanwhile", async () => {
    const [finding] = await findingsFor({ growing: "XfrmInStateProtoError", packetsIn: 1 }, target);
    assert.match(finding?.message ?? "", /failed authentication.*\(XfrmInStateProtoError\)/);
    assert.match(finding?.hint ?? "", /sha256_96/);
    const [policy] = await findingsFor({ growing: "XfrmInNoPols", packetsIn: 1 }, target);
    assert.match(policy?.hint ?? "", /compare the selectors/);
  });
});
