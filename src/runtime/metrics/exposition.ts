/** One metric and its value for each thing that has one, as Prometheus' text format has it. */
export interface MetricFamily<Thing> {
  readonly name: string;
  readonly help: string;
  readonly type: "gauge" | "counter";
  readonly value: (thing: Thing) => number;
}

/** A thing that has values, and its labels as the format writes them: `{ike_name="a"}`. */
export interface Labelled<Thing> {
  readonly labels: string;
  readonly thing: Thing;
}

/**
 * The lines of metrics that are read from somewhere else at each scrape. prom-client keeps an
 * object for every series; with tens of thousands that are all new each time, writing them
 * down is ten times faster.
 */
export function exposition<Thing>(
  families: readonly MetricFamily<Thing>[],
  things: readonly Labelled<Thing>[],
): string {
  let text = "";
  for (const { name, help, type, value } of families) {
    text += `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
    for (const { labels, thing } of things) text += `${name}${labels} ${value(thing)}\n`;
  }
  return text;
}

/** Labels as {@link Labelled} has them. */
export function labelsOf(values: Readonly<Record<string, string>>): string {
  let text = "";
  for (const name in values) text += `,${label(name, values[name] ?? "")}`;
  return `{${text.slice(1)}}`;
}

/** One of them. */
export function label(name: string, value: string): string {
  return `${name}="${escaped(value)}"`;
}

/** A label's value as the format has it between its quotes. */
export function escaped(value: string): string {
  if (!/[\\"\n]/.test(value)) return value;
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
