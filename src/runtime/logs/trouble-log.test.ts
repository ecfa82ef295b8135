import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { KubeError, type KubeErrorCode } from "../../adapters/kubernetes/client/kube-error.ts";
import type { Logger } from "pino";
import { TroubleLog } from "./trouble-log.ts";

/** A log of failures whose clock stands still; its lines with their time in seconds. */
function watched() {
  let now = 0;
  const lines: string[] = [];
  const warn = ({ op = "other", omitted = 0 }: { op?: string; omitted?: number }) =>
    lines.push(`${now / 1_000} ${op} ${omitted}`);
  const log = new TroubleLog({ warn } as unknown as Logger, () => now);
  const fail = (op: string, code: KubeErrorCode = "unavailable") =>
    log.take(new KubeError(op, code, 0, "connect ECONNREFUSED"));
  const pass = (seconds: number) => void (now += 1_000 * seconds);
  return { lines, log, fail, pass };
}

describe("the log of failures that are retried", () => {
  it("has the first one of each watch, and the next ones at growing intervals", () => {
    const { lines, fail, pass } = watched();
    for (let second = 0; second < 100; second += 5) {
      fail("list Pod");
      if (second === 5) fail("list Node");
      pass(5);
    }
    const expected = ["0 list Pod 0", "5 list Node 0", "10 list Pod 1", "30 list Pod 3"];
    assert.deepEqual(lines, [...expected, "70 list Pod 7"]);
  });

  it("begins again after a calm minute, and with another failure", () => {
    const { lines, fail, pass } = watched();
    fail("list Pod");
    fail("list Pod", "busy");
    pass(61);
    fail("list Pod");
    assert.deepEqual(lines, ["0 list Pod 0", "0 list Pod 0", "61 list Pod 0"]);
  });

  it("is silent about a long outage for ten minutes at most", () => {
    const { lines, fail, pass } = watched();
    for (let second = 0; second < 7_200; second += 10) {
      fail("list Pod");
      pass(10);
    }
    const times = lines.map((line) => Number.parseInt(line, 10));
    const gaps = times.slice(1).map((time, i) => time - (times[i] as number));
    assert.equal(Math.max(...gaps), 600);
  });

  it("has every failure that is not the API server's absence", () => {
    const { lines, log, fail } = watched();
    for (let count = 0; count < 2; count++) {
      fail("list Pod", "denied");
      log.take(new Error("other"));
    }
    assert.equal(lines.length, 4);
  });
});
