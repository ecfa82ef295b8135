import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Message } from "vici-client";
import type { Connection } from "../../model/api/connection.ts";
import { ikeSasIn } from "../../adapters/vici/list-sas.ts";
import type { CharonStatistics } from "../../adapters/vici/statistics-session.ts";
import { CharonMetrics } from "./charon-metrics.ts";

const connection = (name: string, ...keys: string[]) =>
  ({
    name,
    children: keys.map((key) => ({ key, selectorSets: [{ name: key }] })),
  }) as unknown as Connection;

const child = (uniqueid: string, state: string, bytes = 0) => ({
  name: "lan",
  uniqueid,
  state,
  "install-time": "0",
  "spi-in": `c${uniqueid}`,
  "spi-out": `d${uniqueid}`,
  "bytes-in": String(bytes),
  "packets-in": "1",
  "bytes-out": "0",
  "packets-out": "0",
});

const ike = (uniqueid: string, state: string, ...children: Message[]) => ({
  uniqueid,
  state,
  version: "2",
  established: uniqueid,
  "child-sas": Object.fromEntries(children.map((one, i) => [String(i), one])),
});

const measured = (message: Message) => ikeSasIn(message, { statistics: true });

/** A charon that reports what the test sets. */
class FakeCharon {
  statistics: CharonStatistics | Error = { ikeSas: [], loaded: new Map() };
  opened = 0;
  asked = 0;

  has(...messages: Message[]): void {
    const loaded = new Map([["partner", ["lan"]]]);
    this.statistics = { ikeSas: messages.flatMap(measured), loaded };
  }

  open = async () => void this.opened++;
  read = async () => {
    this.asked++;
    await new Promise(setImmediate);
    if (this.statistics instanceof Error) throw this.statistics;
    return this.statistics;
  };
  [Symbol.dispose](): void {}
}

function watched(...declared: Connection[]) {
  const charon = new FakeCharon();
  const metrics = new CharonMetrics({ charon, declared: () => declared });
  let text = "";
  const scrape = async () => (text = await metrics.text());
  const value = (series: string) => {
    const line = text.split("\n").find((one) => one.startsWith(`${series} `));
    return line === undefined ? undefined : Number(line.slice(series.length));
  };
  const state = (name: string) => value(`strongswan_ike_state{ike_name="partner",state="${name}"}`);
  return { charon, metrics, scrape, value, state, declared };
}

const lan = '{ike_name="partner",child_name="lan"}';

describe("charon's metrics", () => {
  it("have an explicit 0 for a declared connection that is down", async () => {
    const { scrape, value, state } = watched(connection("partner", "lan"));
    await scrape();
    assert.equal(value('strongswan_ike_children{ike_name="partner"}'), 0);
    assert.equal(value(`strongswan_sa_established_second${lan}`), 0);
    assert.equal(value(`strongswan_sa_bytes_inbound${lan}`), 0);
    assert.equal(state("ESTABLISHED"), 0);
    assert.equal(value("ipman_charon_up"), 1);
  });

  it("show the newest SA that is up, and count the others", async () => {
    const { charon, scrape, value, state } = watched(connection("partner", "lan"));
    const rekeyed = ike("3", "REKEYED");
    const newer = ike("5", "ESTABLISHED", child("9", "INSTALLED"), child("8", "REKEYED"));
    charon.has({ partner: rekeyed }, { partner: ike("4", "ESTABLISHED") }, { partner: newer });
    await scrape();
    assert.equal(state("ESTABLISHED"), 1);
    assert.equal(state("REKEYED"), 0);
    assert.equal(value('strongswan_ike_established_second{ike_name="partner"}'), 5);
    assert.equal(
      value('strongswan_ike_dupes{ike_name="partner"}'),
      1,
      "an SA in state REKEYED is not a duplicate",
    );
    assert.equal(value(`strongswan_sa_dupes${lan}`), 0);
    assert.equal(value("strongswan_number_of_known_ikes"), 3);
    assert.equal(value("strongswan_number_of_ikes_connected"), 2);
    assert.equal(value(`strongswan_children_loaded${lan}`), 1);
  });

  it("continue over a rekey, with the counters of its event", async () => {
    const { charon, metrics, scrape, value } = watched(connection("partner", "lan"));
    charon.has({ partner: ike("1", "ESTABLISHED", child("1", "INSTALLED", 100)) });
    await scrape();
    const event = { partner: ike("1", "ESTABLISHED", child("1", "REKEYED", 130)) };
    metrics.take({ type: "sas.changed", ikeSas: measured(event) });
    charon.has({ partner: ike("1", "ESTABLISHED", child("2", "INSTALLED", 5)) });
    await scrape();
    assert.equal(value(`strongswan_sa_bytes_inbound${lan}`), 135);
  });

  it("ignore traffic from before the first scrape, even if the clock is set", async (test) => {
    test.mock.timers.enable({ apis: ["Date"], now: 1_000_000_000_000 });
    const { charon, scrape, value } = watched(connection("partner", "lan"));
    test.mock.timers.setTime(1_000_000_000_000 + 3_600_000);
    const old = { ...child("1", "INSTALLED", 100), "install-time": "60" };
    charon.has({ partner: ike("1", "ESTABLISHED", old) });
    await scrape();
    assert.equal(value(`strongswan_sa_bytes_inbound${lan}`), 0);
  });

  it("disappear with their connection", async () => {
    const { charon, scrape, declared } = watched(connection("partner", "lan"));
    charon.has({ partner: ike("1", "ESTABLISHED", child("1", "INSTALLED", 100)) });
    await scrape();
    declared.pop();
    charon.statistics = { ikeSas: [], loaded: new Map() };
    await scrape();
    assert.doesNotMatch(await scrape(), /partner/);
  });

  it("are 0 while charon does not answer; the next scrape opens a new session", async () => {
    const { charon, scrape, value, state } = watched(connection("partner", "lan"));
    charon.has({ partner: ike("1", "ESTABLISHED", child("1", "INSTALLED", 100)) });
    await scrape();
    charon.statistics = new Error("it hangs");
    await scrape();
    assert.equal(value("ipman_charon_up"), 0);
    assert.equal(state("ESTABLISHED"), 0);
    assert.equal(value(`strongswan_sa_bytes_inbound${lan}`), 100, "a counter never falls");
    charon.has({ partner: ike("1", "ESTABLISHED", child("1", "INSTALLED", 170)) });
    await scrape();
    assert.equal(value(`strongswan_sa_bytes_inbound${lan}`), 170);
    assert.equal(charon.opened, 2);
  });

  it("are read once for concurrent scrapes", async () => {
    const { charon, metrics } = watched();
    await Promise.all([metrics.text(), metrics.text(), metrics.text()]);
    assert.equal(charon.asked, 1);
  });
});
