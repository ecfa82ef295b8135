import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { pino } from "pino";
import { parseAllDocuments } from "yaml";
import { caseNames } from "../lab/peers/cases/case-names.ts";
import { apiReference } from "../scripts/api-reference.ts";
import { commandsReference } from "../scripts/commands-reference.ts";
import { optionsReference } from "../scripts/options-reference.ts";
import { reasonsReference } from "../scripts/reasons-reference.ts";
import { statusReference } from "../scripts/status-reference.ts";
import { connectionFromCr } from "../src/model/validation/connection-from-cr.ts";
import { readinessFamilies } from "../src/runtime/metrics/readiness-series.ts";
import { secretSeries } from "../src/runtime/metrics/secret-series.ts";
import { serviceFamilies } from "../src/runtime/metrics/service-series.ts";
import { statusFamilies } from "../src/runtime/metrics/status-series.ts";
import { trafficFamilies } from "../src/runtime/metrics/traffic-series.ts";
import type { StatisticsPort } from "../src/runtime/metrics/charon-metrics.ts";
import { charonFamilies } from "../src/runtime/metrics/charon-series.ts";
import type { NetworkPort } from "../src/runtime/ports/ports.ts";
import { Metrics } from "../src/runtime/metrics/metrics.ts";
import type { Cluster } from "../src/runtime/operator/state/cluster.ts";
import { BeatMetrics } from "../src/runtime/metrics/beat-metrics.ts";
import { OperatorMetrics } from "../src/runtime/operator/operator-metrics.ts";
import { RefusedRequests } from "../src/runtime/operator/admission/refused-requests.ts";
import type { Running } from "../src/runtime/ports/running.ts";
import { EventSubjects } from "../src/runtime/effects/event-subjects.ts";

const root = join(import.meta.dirname, "..");
const read = (path: string) => readFileSync(join(root, path), "utf8");
const pages = [
  "README.md",
  "charts/ipman/README.md",
  ...readdirSync(join(root, "docs")).map((name) => `docs/${name}`),
];

describe("the documentation", () => {
  it("has the API reference that npm run api writes", () => {
    assert.equal(read("docs/api.md"), apiReference());
  });

  it("has the command reference that npm run api writes", async () => {
    assert.equal(read("docs/commands.md"), await commandsReference());
  });

  it("has the list of options that npm run api writes", () => {
    assert.equal(read("docs/options.md"), optionsReference());
  });

  it("has the list of reasons that npm run api writes", () => {
    assert.equal(read("docs/reasons.md"), reasonsReference());
  });

  it("has the list of conditions, events and alerts that npm run api writes", () => {
    assert.equal(read("docs/reference.md"), statusReference());
  });

  it("has a result of each case of the lab's peers", () => {
    const rows = [...read("docs/compatibility.md").matchAll(/^\| (.*?) \|(.*)\|$/gm)];
    const results = new Map(rows.map(([, words = "", cells = ""]) => [words, cells]));
    for (const words of Object.values(caseNames)) {
      assert.match(results.get(words) ?? `no row "${words}"`, /^( [✓–✗](?: \(\d+\))? \|?)+$/);
    }
  });

  it("explains exactly the metrics of ipman, with their types", () => {
    const metrics = new Metrics();
    metrics.observe({
      running: {} as Running,
      events: new EventSubjects(),
      charon: {} as StatisticsPort,
      network: {} as NetworkPort,
    });
    const { registry } = metrics;
    const noPeers = { groups: [], presenceOf: () => "unknown" as const };
    new BeatMetrics(registry).show(noPeers, { leading: new Map() });
    void new OperatorMetrics(metrics, {} as Cluster);
    void new RefusedRequests(registry, pino({ enabled: false }));
    const all = registry.getMetricsAsArray() as unknown as { name: string }[];
    const kept = all
      .filter(({ name }) => name.startsWith("ipman_"))
      .map(
        ({ name }) => `${name} ${registry.getSingleMetric(name)?.constructor.name.toLowerCase()}`,
      );
    const written = [
      charonFamilies,
      statusFamilies,
      trafficFamilies,
      readinessFamilies,
      serviceFamilies,
      secretSeries,
    ].flat();
    const ours = [...kept, ...written.map(({ name, type }) => `${name} ${type}`)];
    const explained = [...read("docs/metrics.md").matchAll(/^\| `(\w+)` \|[^|]*\| (\w+) \|/gm)].map(
      ([, name, type]) => `${name} ${type}`,
    );
    assert.deepEqual(explained.toSorted(), ours.toSorted());
  });

  it("has names of ipman's metrics that Prometheus' linter accepts", () => {
    const lines = [...read("docs/metrics.md").matchAll(/^\| `(ipman_\w+)` \|[^|]*\| (\w+) \|/gm)];
    const text = lines.map(([, name = "", type = ""]) => sample(name, type)).join("");
    // promtool fails if it reports any problem.
    execFileSync("promtool", ["check", "metrics"], { input: text, stdio: "pipe" });
  });

  for (const page of pages) {
    it(`has links to existing pages and headings: ${page}`, () => {
      for (const [, file = "", anchor] of read(page).matchAll(/\]\(([^)#:]*)(?:#([^)]*))?\)/g)) {
        const target = file === "" ? page : join(dirname(page), file);
        const headings = anchor === undefined ? [] : headingsOf(read(target));
        assert.ok(anchor === undefined || headings.includes(anchor), `${target}#${anchor}`);
        assert.doesNotThrow(() => read(target), target);
      }
    });
  }

  it("has connections that are valid", () => {
    const blocks = pages.flatMap((page) => [...read(page).matchAll(/^```yaml\n(.*?)^```/gms)]);
    const connections = blocks
      .flatMap(([, text = ""]) => parseAllDocuments(text))
      .map((document) => document.toJS() as { readonly kind?: string } | null)
      .filter((manifest) => manifest?.kind === "IPSecConnection");
    assert.ok(connections.length >= 3);
    for (const connection of connections) {
      const result = connectionFromCr(connection);
      assert.deepEqual(result.ok ? [] : result.problems, []);
    }
  });

  it("has a glossary in alphabetical order", () => {
    const terms = [...read("docs/glossary.md").matchAll(/^\| \*\*(.+?)\*\* \|/gm)].map(
      ([, term = ""]) => term.toLowerCase(),
    );
    assert.ok(terms.length > 30);
    assert.deepEqual(terms, [...new Set(terms)].toSorted());
  });
});

/** The anchors of a page's headings, as GitHub derives them. */
function headingsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, title = ""]) =>
    title
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  );
}

/** A scrape with only this metric. */
function sample(name: string, type: string): string {
  const head = `# HELP ${name} The metric.\n# TYPE ${name} ${type}\n`;
  if (type === "histogram")
    return `${head}${name}_bucket{le="+Inf"} 1\n${name}_sum 1\n${name}_count 1\n`;
  if (type === "summary") return `${head}${name}_sum 1\n${name}_count 1\n`;
  return `${head}${name} 1\n`;
}
