import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { countPings, uncounted } from "../lab/sites/pings.ts";

/** The output of `ping -D` for these answers, one per second, of a number of requests. */
const said = (answers: readonly number[], sent: number) =>
  [
    "PING 10.1.2.1 (10.1.2.1) 56(84) bytes of data.",
    ...answers.map(
      (n) => `[${1_700_000_000 + n}.000123] 64 bytes from 10.1.2.1: icmp_seq=${n} ttl=63 time=1 ms`,
    ),
    `${sent} packets transmitted, ${answers.length} received, 0% packet loss, time 1ms`,
  ].join("\n");

const all = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

describe("the result of pings", () => {
  it("has each lost ping, with the time of the last answer before it", () => {
    const answers = all(10 + uncounted).filter((n) => n !== 1 && n !== 4);
    assert.deepEqual(countPings(said(answers, 10 + uncounted)), {
      sent: 10,
      received: 8,
      lost: ["1, after the beginning", "4, after 2023-11-14T22:13:23.000Z"],
    });
  });

  it("has no loss if only the last pings are not answered yet", () => {
    const pinged = countPings(said(all(10), 10 + uncounted));
    assert.deepEqual(pinged, { sent: 10, received: 10, lost: [] });
  });

  it("has no loss if answers are reordered or duplicated", () => {
    const answers = [1, 3, 2, 2, 4, ...all(uncounted).map((n) => 4 + n)];
    assert.deepEqual(countPings(said(answers, 4 + uncounted)).lost, []);
  });

  it("is an error if too few pings were sent", () => {
    assert.throws(() => countPings(said([1], uncounted)), /too few pings were sent: 50/);
  });

  it("counts a ping to which another host answered as lost", () => {
    const refused = "[1700000002.5] From 10.0.2.2 icmp_seq=2 Destination Host Unreachable";
    const output = `${refused}\n${said([1, ...all(uncounted).map((n) => 2 + n)], 2 + uncounted)}`;
    assert.deepEqual(countPings(output).received, 1);
  });
});
