import type { ChildProcess } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { end, eventually, start } from "./shell.ts";

const alertsFile = join(import.meta.dirname, "../../charts/ipman/alerts.yaml");
const address = "127.0.0.1:9090";

/** By default, two minutes of the rules are one second. */
const usualScale = 120;
/** Thresholds of values in whole seconds are shortened less: otherwise less than one would remain. */
const lessForThresholds = 3;

/** The scrape configurations, and the factor by which the times of the shipped rules are shortened. */
export interface PrometheusOptions {
  readonly scrapes?: readonly object[];
  readonly scale?: number;
}

const onThisHost = {
  job_name: "ipman",
  static_configs: [{ targets: ["127.0.0.1:9740"] }],
};
const inSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600 };

/** The shipped rules with shortened times. */
export function scaledRules(text: string, scale: number): string {
  if (scale === 1) return text;
  return text
    .replace(/(?<=for: |\[)(\d+)([smh])\b/g, (_, number: string, unit: string) => {
      const milliseconds = (Number(number) * (inSeconds[unit] ?? 1) * 1_000) / scale;
      return `${milliseconds}ms`;
    })
    .replace(/(?<=_seconds? [<>] )\d+/g, (number) =>
      String((Number(number) * lessForThresholds) / scale),
    );
}

/** An alert that fires, with its labels. */
export interface Firing {
  readonly alert: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** A real Prometheus with the shipped rules. */
export class Prometheus implements AsyncDisposable {
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess) {
    this.#process = process;
  }

  /** Starts a Prometheus, which by default scrapes an `ipman run` on this host. */
  static async start(
    parent: string,
    { scrapes = [onThisHost], scale = usualScale }: PrometheusOptions = {},
  ): Promise<Prometheus> {
    const folder = join(parent, "prometheus");
    mkdirSync(folder);
    writeFileSync(
      join(folder, "alerts.yaml"),
      scaledRules(readFileSync(alertsFile, "utf8"), scale),
    );
    const config = join(folder, "prometheus.yaml");
    const often =
      scale === 1
        ? { scrape_interval: "5s", evaluation_interval: "5s" }
        : { scrape_interval: "500ms", scrape_timeout: "500ms", evaluation_interval: "250ms" };
    writeFileSync(
      config,
      stringify({
        global: often,
        rule_files: ["alerts.yaml"],
        scrape_configs: scrapes,
      }),
    );
    const args = [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=${address}`,
      "--log.level=warn",
    ];
    const child = start(join(folder, "prometheus.log"), "prometheus", args);
    const prometheus = new Prometheus(child);
    await eventually(() => prometheus.value("max(up) > 0"), 30_000, 200);
    return prometheus;
  }

  /** Every alert that fires now. */
  async firing(): Promise<Firing[]> {
    const { alerts } = (await get("alerts")) as {
      alerts: { state: string; labels: Record<string, string> }[];
    };
    return alerts
      .filter(({ state }) => state === "firing")
      .map(({ labels }) => ({ alert: labels["alertname"] ?? "", labels }));
  }

  /** The names of the alerts that fire, each once. */
  async firingNames(): Promise<string[]> {
    return [...new Set((await this.firing()).map(({ alert }) => alert))];
  }

  /** Every alert that was in that state at any time of the last hour. */
  async alerts(state: "pending" | "firing"): Promise<string[]> {
    const expression = `group by (alertname) (max_over_time(ALERTS{alertstate="${state}"}[1h]))`;
    return (await query(expression)).map(({ metric }) => metric["alertname"] ?? "");
  }

  /** An expression's first value. */
  async value(expression: string): Promise<number> {
    const [first] = await query(expression);
    if (first === undefined) throw new Error(`${expression} has no value`);
    return Number(first.value[1]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await end(this.#process);
  }
}

interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [seconds: number, text: string];
}

async function query(expression: string): Promise<readonly Sample[]> {
  const { result } = (await get(`query?query=${encodeURIComponent(expression)}`)) as {
    result: readonly Sample[];
  };
  return result;
}

async function get(path: string): Promise<unknown> {
  const response = await fetch(`http://${address}/api/v1/${path}`);
  const { data } = (await response.json()) as { data: unknown };
  return data;
}
