import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, it } from "node:test";
import { escaped, exposition, type MetricFamily } from "./exposition.ts";

const families: readonly MetricFamily<number>[] = [
  { name: "a_size", help: "Its size.", type: "gauge", value: (n) => n },
  { name: "a_size_total", help: "Twice its size.", type: "counter", value: (n) => 2 * n },
];

describe("metrics as text", () => {
  const awkward = 'a "quoted"\nback\\slash';
  const text = exposition(families, [
    { labels: "", thing: 1 },
    { labels: `{name="${escaped(awkward)}"}`, thing: 2.5 },
  ]);

  it("have the lines of each metric together", () => {
    assert.deepEqual(text.split("\n"), [
      "# HELP a_size Its size.",
      "# TYPE a_size gauge",
      "a_size 1",
      'a_size{name="a \\"quoted\\"\\nback\\\\slash"} 2.5',
      "# HELP a_size_total Twice its size.",
      "# TYPE a_size_total counter",
      "a_size_total 2",
      'a_size_total{name="a \\"quoted\\"\\nback\\\\slash"} 5',
      "",
    ]);
  });

  it("are text that Prometheus accepts", () => {
    execFileSync("promtool", ["check", "metrics"], { input: text, stdio: "pipe" });
  });
});
