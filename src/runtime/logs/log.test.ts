import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { pino } from "pino";
import { failure, Reason } from "../../model/status/failure.ts";
import type { ConnectionStatus, Status } from "../../model/status/status.ts";
import { StatusLog } from "./log.ts";

const silence = failure(Reason.PeerUnreachable, "the peer does not answer");

const connection = (id: string, changes: object = {}) =>
  ({
    id,
    state: "established",
    failure: undefined,
    problems: [],
    children: [{ key: "lan", state: "established", failure: undefined }],
    ...changes,
  }) as unknown as ConnectionStatus;

const status = (...connections: ConnectionStatus[]): Status => ({
  charon: { state: "ready", failure: undefined },
  connections,
  problems: [],
});

/** The lines that each status adds to the log. */
function said(...statuses: Status[]): string[][] {
  const lines: string[] = [];
  const statusLog = new StatusLog(
    pino({ base: null, timestamp: false }, { write: (l) => void lines.push(l) }),
  );
  return statuses.map((one) => {
    statusLog.report(one);
    return lines.splice(0).map((line) => {
      const {
        connection: of = "",
        child = "",
        state,
        reason = "",
        msg,
      } = JSON.parse(line) as Record<string, string>;
      return [of, child, state, reason, msg].filter(Boolean).join(" ");
    });
  });
}

describe("the log of changes", () => {
  const up = ["a established established", "a lan established established"];

  it("has one line for each fact", () => {
    const a = connection("a");
    const lines = said(status(a), status(a), status(connection("a")));
    assert.deepEqual(lines, [["ready ready", ...up], [], []]);
  });

  it("has only lines about the connection that changed", () => {
    const down = { children: [{ key: "lan", state: "failed", failure: silence }] };
    const [, second, third] = said(
      status(connection("a"), connection("b")),
      status(connection("a", down), connection("b")),
      status(connection("a"), connection("b")),
    );
    assert.deepEqual(second, ["a lan failed PeerUnreachable the peer does not answer"]);
    assert.deepEqual(third, ["a lan established established"]);
  });

  it("has all facts of a connection that is declared again", () => {
    const [, second, third] = said(status(connection("a")), status(), status(connection("a")));
    assert.deepEqual([second, third], [[], up]);
  });

  it("has each problem of a manifest", () => {
    const problems = [{ source: "a.yaml", path: "spec.name", message: "is missing" }];
    const [, second] = said(status(connection("a")), status(connection("a", { problems })));
    assert.deepEqual(second, ["a invalid SpecInvalid a.yaml: spec.name: is missing"]);
  });
});
