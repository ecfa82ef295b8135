import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { note, ok, problem, skipped } from "../../model/status/finding.ts";
import { findingLines } from "./finding-lines.ts";

// A terminal would have colours.
process.env["NO_COLOR"] = "1";

describe("a diagnosis", () => {
  it("has the cause first, then every check", () => {
    const lines = findingLines("partner", [
      ok("charon", "answers"),
      problem("IKE SA", "the peer refused", "compare the keys"),
      { ...skipped("CHILD SA", "waits for the IKE SA"), child: "lan" },
      { ...problem("gateway", "another program changed it", "find out which"), child: "lan" },
    ]);
    assert.deepEqual(lines, [
      "partner: the peer refused",
      "  → compare the keys",
      "",
      "partner",
      "  ✓ charon    answers",
      "  ✗ IKE SA    the peer refused",
      "",
      "partner/lan",
      "  - CHILD SA  waits for the IKE SA",
      "  ✗ gateway   another program changed it",
      "              → find out which",
    ]);
  });

  it("names the path that each finding is about", () => {
    const lines = findingLines("partner", [
      ok("charon", "answers"),
      { ...ok("IKE SA", "is up"), path: "main" },
      { ...ok("CHILD SA", "is up"), child: "lan", path: "main" },
      { ...problem("standby", "is not up", "ask the partner"), path: "backup" },
    ]);
    assert.deepEqual(lines, [
      "partner path backup: is not up",
      "  → ask the partner",
      "",
      "partner",
      "  ✓ charon            answers",
      "  ✓ IKE SA (main)     is up",
      "  ✗ standby (backup)  is not up",
      "",
      "partner/lan",
      "  ✓ CHILD SA (main)   is up",
    ]);
  });

  it("reports that nothing is wrong", () => {
    const [first, ...rest] = findingLines("partner", [
      ok("charon", "answers"),
      note("a", "b", "c"),
    ]);
    assert.equal(first, "partner: nothing is wrong that could be seen from here");
    assert.deepEqual(rest.slice(2), ["  ✓ charon  answers", "  · a       b", "            → c"]);
  });
});
