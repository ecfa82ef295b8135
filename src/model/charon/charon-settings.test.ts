import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { charonConf, parseCharonSettings, reservedSettings } from "./charon-settings.ts";

const parse = (settings: unknown) => parseCharonSettings(JSON.stringify(settings));

/** The problem of one setting. */
function problem(key: string, value: unknown): string {
  const result = parse({ threads: 8, [key]: value });
  assert.ok(!result.ok);
  assert.equal(result.problems.length, 1);
  assert.equal(result.problems[0]?.path, key);
  return result.problems[0]?.message ?? "";
}

describe("charon's settings", () => {
  it("are strings, numbers and booleans", () => {
    assert.deepEqual(parse({ retransmit_tries: 8, "filelog.container.ike": "2", hash: false }), {
      ok: true,
      value: { retransmit_tries: "8", "filelog.container.ike": "2", hash: "no" },
    });
  });

  it("are nested sections in the file, with quoted values", () => {
    const text = charonConf({ retransmit_tries: "8", "plugins.x.y": String.raw`a "b" \ # {` });
    const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    assert.deepEqual(lines, [
      `retransmit_tries = "8"`,
      String.raw`plugins { x { y = "a \"b\" \\ # {" } }`,
    ]);
  });

  it("are refused if ipman depends on them", () => {
    for (const key of reservedSettings) assert.match(problem(key, "x"), /is reserved/);
  });

  it("cannot make charon log its keys", () => {
    assert.ok(parse({ "filelog.container.ike": 3, "journal.default": -1 }).ok);
    for (const key of ["filelog.container.ike", "syslog.daemon.default", "journal.default"])
      assert.match(problem(key, 4), /keys into its log/);
  });

  it("are refused if they are malformed", () => {
    assert.match(problem("a b", 1), /not the name of a setting/);
    assert.match(problem("filelog", { container: 1 }), /a string, a number/);
    assert.match(problem("threads2", "8\nload = x"), /line breaks/);
    for (const json of ["", "[]", "null", "{"]) {
      const result = parseCharonSettings(json);
      assert.match(result.ok ? "" : (result.problems[0]?.message ?? ""), /not a JSON object/);
    }
  });
});
