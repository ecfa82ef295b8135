/** A line about a connection in the log of a component. */
export interface LogLine {
  /** RFC 3339, as kubectl prints it. */
  readonly time: string;
  readonly from: "operator" | "agent" | "charon";
  readonly text: string;
}

/** The log of a part of ipman: how kubectl selects its pods, and which of its lines are wanted. */
export interface LogSource {
  readonly selector: string;
  readonly linesIn: (log: string) => LogLine[];
}

interface OwnLine {
  readonly level: number;
  readonly connection?: string;
  readonly child?: string;
  readonly state?: string;
  readonly reason?: string;
  readonly msg?: string;
}

const warn = 40;

/**
 * The lines of an operator's or agent's log, with kubectl's timestamps, that are about a connection,
 * and warnings that are about no connection.
 */
export function ownLines(from: LogLine["from"], log: string, connection: string): LogLine[] {
  return stamped(log).flatMap(({ time, rest }) => {
    const line = parsed(rest);
    if (line === undefined) return [];
    const isWanted =
      line.connection === connection || (line.connection === undefined && line.level >= warn);
    if (!isWanted) return [];
    const subject = [line.connection, line.child].filter(Boolean).join("/");
    const state = line.state === undefined || line.state === line.msg ? "" : `${line.state}: `;
    const reason = line.reason === undefined ? "" : `${line.reason}: `;
    const words = `${state}${reason}${line.msg ?? ""}`;
    return [{ time, from, text: subject === "" ? words : `${subject} ${words}` }];
  });
}

/** The lines of charon's log that have the name of the connection, or that of one of its paths. */
export function charonLines(log: string, name: string): LogLine[] {
  const escaped = name.replaceAll(/[.*+?^${"$"}{}()|[\]\\]/g, String.raw`\$&`);
  const mark = new RegExp(`<${escaped}(?:/([^|>]+))?\\|\\d+> `);
  return stamped(log).flatMap(({ time, rest }) => {
    const found = mark.exec(rest);
    if (found === null) return [];
    const text = rest.replace(mark, "").replace(/^\d+/, "").trim();
    const [, path] = found;
    return [{ time, from: "charon" as const, text: path === undefined ? text : `${path} ${text}` }];
  });
}

/** The lines ordered by time, with columns for time and origin. */
export function merged(lines: readonly LogLine[]): string[] {
  return lines
    .toSorted((a, b) => (a.time < b.time ? -1 : 1))
    .map(({ time, from, text }) => `${time.slice(0, 23).padEnd(23)}  ${from.padEnd(8)}  ${text}`);
}

function stamped(log: string): { time: string; rest: string }[] {
  return log.split("\n").flatMap((line) => {
    const [, time, rest] = /^(\S+Z) (.*)$/.exec(line) ?? [];
    return time === undefined || rest === undefined ? [] : [{ time, rest }];
  });
}

function parsed(text: string): OwnLine | undefined {
  try {
    return JSON.parse(text) as OwnLine;
  } catch {
    return undefined;
  }
}
