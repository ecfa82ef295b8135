import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { stringify } from "yaml";
import { dashboards, expressions } from "../scripts/dashboards/dashboards.ts";

const root = join(import.meta.dirname, "..");

/** The metrics in docs/metrics.md. */
const known = new Set(
  [...readFileSync(join(root, "docs/metrics.md"), "utf8").matchAll(/^\| `(\w+)` \|/gm)].map(
    ([, name]) => name,
  ),
);

describe("the dashboards", () => {
  for (const [name, dashboard] of dashboards) {
    it(`are in the chart as npm run api writes them: ${name}`, () => {
      const file = readFileSync(join(root, `charts/ipman/dashboards/${name}.json`), "utf8");
      assert.deepEqual(JSON.parse(file), dashboard);
    });
  }

  it("use documented metrics only", () => {
    for (const expression of expressions) {
      const names = expression.match(/\b(ipman|strongswan)_\w+/g) ?? [];
      for (const name of names)
        assert.ok(known.has(name.replace(/_(bucket|sum|count)$/, "")) || known.has(name), name);
    }
  });

  it("have expressions that Prometheus can parse", () => {
    const folder = mkdtempSync(join(tmpdir(), "dashboards-"));
    const rules = expressions.map((expression, i) => ({
      record: `expression:${i}`,
      expr: expression.replaceAll("$__rate_interval", "5m"),
    }));
    const file = join(folder, "rules.yaml");
    writeFileSync(file, stringify({ groups: [{ name: "dashboards", rules }] }));
    const said = execFileSync("promtool", ["check", "rules", file], { encoding: "utf8" });
    assert.match(said, new RegExp(`${expressions.length} rules found`));
    rmSync(folder, { recursive: true });
  });

  it("have panels that fit in the grid and do not overlap", () => {
    for (const dashboard of dashboards.values()) {
      const { panels } = dashboard as {
        panels: { gridPos: Record<"x" | "y" | "w" | "h", number> }[];
      };
      const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
        Array.from({ length: w * h }, (_, i) => `${x + (i % w)} ${y + Math.floor(i / w)}`),
      );
      assert.equal(new Set(cells).size, cells.length);
      assert.ok(panels.every(({ gridPos: { x, w } }) => x + w <= 24));
    }
  });
});
