import { problemAt, type Problem, type Result } from "../api/result.ts";

/**
 * Settings of charon in addition to those of its image: settings of `charon-systemd` in
 * strongswan.conf(5), by their dotted names, such as `filelog.container.ike`.
 */
export type CharonSettings = Readonly<Record<string, string>>;

/** The settings on whose values ipman depends. */
export const reservedSettings: ReadonlySet<string> = new Set([
  "install_routes",
  "install_virtual_ip",
  "load",
  "load_modular",
  "plugins.kernel-netlink.roam_events",
  "plugins.vici.socket",
]);

export const settingName = /^[\w-]+(\.[\w-]+)*$/;
/** The settings of charon's log levels. */
export const logLevel =
  /^(filelog|syslog|journal)\.(.+\.)?(default|app|asn|cfg|chd|dmn|enc|esp|ike|imc|imv|job|knl|lib|mgr|net|pts|tls|tnc)$/;

/** Parses a JSON object of strings, numbers and booleans. */
export function parseCharonSettings(json: string): Result<CharonSettings> {
  const problems: Problem[] = [];
  const members = membersOf(json, problems);
  for (const [key, value] of members)
    problems.push(...problemAt(key, nameProblem(key) ?? valueProblem(key, value)));
  if (problems.length > 0) return { ok: false, problems };
  const value = Object.fromEntries(members.map(([key, member]) => [key, textOf(member)]));
  return { ok: true, value };
}

/** The lines of the settings in charon's section of its configuration. */
export function charonConf(settings: CharonSettings): string {
  const lines = Object.entries(settings).map(([key, value]) => {
    const sections = key.split(".");
    const last = sections.pop() ?? "";
    const open = sections.map((section) => `${section} { `).join("");
    return `${open}${last} = ${quoted(value)}${" }".repeat(sections.length)}\n`;
  });
  return ["# Written by ipman; charon.settings of its Helm chart are the source.\n", ...lines].join(
    "",
  );
}

function membersOf(json: string, problems: Problem[]): [string, unknown][] {
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      return Object.entries(value);
  } catch {
    // Reported below.
  }
  problems.push({ path: "", message: 'is not a JSON object: write {"filelog.container.ike":2}' });
  return [];
}

function nameProblem(key: string): string | undefined {
  if (!settingName.test(key))
    return "is not the name of a setting: write it with dots, as in plugins.dhcp.server";
  if (reservedSettings.has(key)) return "is reserved: ipman depends on its value";
  return undefined;
}

function valueProblem(key: string, value: unknown): string | undefined {
  if (!["string", "number", "boolean"].includes(typeof value))
    return "must be a string, a number, true or false";
  const text = textOf(value);
  // oxlint-disable-next-line no-control-regex -- The pattern searches for them.
  if (/[\0-\x1f\x7f]/.test(text)) return "must not have line breaks or control characters";
  if (logLevel.test(key) && !/^(-1|[0-3])$/.test(text))
    return "must be -1 to 3: from 4 on, charon writes keys into its log";
  return undefined;
}

function textOf(value: unknown): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  return String(value);
}

function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, String.raw`\$&`)}"`;
}
