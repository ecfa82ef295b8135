import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { parse } from "yaml";

const root = join(import.meta.dirname, "..");
const read = (path: string) => readFileSync(join(root, path), "utf8");
const file = "charts/ipman/alerts.yaml";

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: Readonly<Record<string, string>>;
}

interface Tests {
  readonly tests: readonly {
    readonly alert_rule_test: readonly { alertname: string; exp_alerts: readonly unknown[] }[];
  }[];
}

const { groups } = parse(read(file)) as { groups: { rules: Alert[] }[] };
const alerts = groups.flatMap(({ rules }) => rules);
const cases = readdirSync(join(root, "test/alerts")).map((name) => `test/alerts/${name}`);

/** Runs promtool (Debian: prometheus). @throws with its message if it fails */
const promtool = (...args: string[]) =>
  execFileSync("promtool", args, { cwd: root, encoding: "utf8", stdio: "pipe" });

describe("the alerts", () => {
  it("are rules that Prometheus accepts", () => {
    assert.match(promtool("check", "rules", file), new RegExp(`${alerts.length} rules found`));
  });

  for (const path of cases) {
    it(`fire in the expected cases only: ${path}`, () => {
      assert.match(promtool("test", "rules", path), /SUCCESS/);
    });
  }

  it("have at least one case each in which they fire", () => {
    const tested = cases
      .flatMap((path) => (parse(read(path)) as Tests).tests)
      .flatMap(({ alert_rule_test }) => alert_rule_test);
    for (const { alert } of alerts) {
      const own = tested.filter(({ alertname }) => alertname === alert);
      assert.ok(
        own.some(({ exp_alerts }) => exp_alerts.length > 0),
        `${alert} fires in no case`,
      );
    }
  });

  it("have a severity, a summary, a description and a runbook", () => {
    const headings = [...read("docs/runbooks.md").matchAll(/^## (\w+)$/gm)].map(([, name]) => name);
    assert.deepEqual(
      headings,
      alerts.map(({ alert }) => alert),
    );
    for (const { alert, labels, annotations } of alerts) {
      assert.match(labels.severity, /^(critical|warning)$/, alert);
      assert.equal(annotations["runbook_url"], `runbooks.md#${alert.toLowerCase()}`);
      assert.doesNotMatch(annotations["summary"] ?? "{{", /\{\{/, `${alert}: one static sentence`);
      assert.ok((annotations["description"] ?? "").length > 20, alert);
    }
  });

  it("use documented metrics only", () => {
    const documented = new Set(
      [...read("docs/metrics.md").matchAll(/`(\w+)`/g)].map(([, it]) => it),
    );
    for (const { alert, expr } of alerts) {
      for (const [name] of expr.matchAll(/\b(?:ipman|strongswan)_\w+/g))
        assert.ok(documented.has(name.replace(/_count$/, "")), `${alert}: ${name}`);
    }
  });
});
