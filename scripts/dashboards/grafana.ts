/** One panel with a line for each expression. */
export interface Panel {
  readonly title: string;
  /** The meaning of the panel, for the reader of the dashboard. */
  readonly description: string;
  readonly kind: "timeseries" | "stat" | "table";
  /** Grafana's name of the unit. */
  readonly unit?: string;
  /** The width in columns; a row has 24. */
  readonly width: number;
  readonly queries: readonly (readonly [expression: string, legend: string])[];
}

/** Panels from left to right, and variables. */
export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  /** Variables: a name, and the series whose label has its values. */
  readonly variables: readonly (readonly [name: string, label: string, series: string])[];
  readonly panels: readonly Panel[];
}

const source = { type: "prometheus", uid: "${datasource}" };
const heights = { stat: 4, timeseries: 8, table: 8 } as const;

/** A dashboard in Grafana's JSON model. */
export function grafana({ uid, title, variables, panels }: Dashboard): object {
  return {
    uid,
    title,
    tags: ["ipman"],
    timezone: "browser",
    schemaVersion: 39,
    editable: true,
    refresh: "30s",
    time: { from: "now-6h", to: "now" },
    annotations: { list: [] },
    templating: {
      list: [
        { name: "datasource", label: "data source", type: "datasource", query: "prometheus" },
        ...variables.map(([name, label, series]) => ({
          name,
          type: "query",
          datasource: source,
          refresh: 2,
          sort: 1,
          query: { query: `label_values(${series}, ${label})`, refId: name },
        })),
      ],
    },
    panels: placed(panels).map(({ panel, gridPos }, i) => panelOf(panel, gridPos, i + 1)),
  };
}

interface Place {
  readonly panel: Panel;
  readonly gridPos: {
    readonly x: number;
    readonly y: number;
    readonly w: number;
    readonly h: number;
  };
}

/** Places panels from left to right, and starts a new row when one is full. */
function placed(panels: readonly Panel[]): Place[] {
  let [x, y, rowHeight] = [0, 0, 0];
  return panels.map((panel) => {
    const [w, h] = [panel.width, heights[panel.kind]];
    if (x + w > 24) [x, y, rowHeight] = [0, y + rowHeight, 0];
    const gridPos = { x, y, w, h };
    [x, rowHeight] = [x + w, Math.max(rowHeight, h)];
    return { panel, gridPos };
  });
}

function panelOf(panel: Panel, gridPos: Place["gridPos"], id: number): object {
  const { title, description, kind, unit, queries } = panel;
  return {
    id,
    title,
    description,
    type: kind,
    gridPos,
    datasource: source,
    fieldConfig: { defaults: unit === undefined ? {} : { unit }, overrides: [] },
    targets: queries.map(([expr, legendFormat], i) => ({
      refId: String.fromCodePoint(65 + i),
      datasource: source,
      expr,
      legendFormat,
      ...(kind !== "timeseries" && { instant: true }),
      ...(kind === "table" && { format: "table" }),
    })),
  };
}
