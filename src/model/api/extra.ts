import { parseDuration } from "../text/duration.ts";
import { own } from "../value/own.ts";
import { proposalProblem } from "./proposal.ts";
import { problemAt, type Problem } from "./result.ts";

/** The options of a manifest: name → value. */
type Extra = Readonly<Record<string, string>>;

/**
 * How ipman treats an option of `extra`: it checks and forwards it, handles it itself or refuses
 * it.
 */
interface Option {
  /** Returns the problem of a value, if any. */
  readonly check?: (value: string) => string | undefined;
  /** The actors handle it, and charon does not get it. */
  readonly handled?: true;
  /** charon accepts several values: a list in VICI, separated by commas in the manifest. */
  readonly list?: true;
}

const yesNo = oneOf("yes", "no");
const refuse = (why: string): Option => ({ check: () => why });
const time: Option = {
  check: (v) =>
    parseDuration(v) === undefined
      ? `"${v}" is not a duration: use 90, 30s, 5m, 4h or 1d`
      : undefined,
};
const flag: Option = { check: yesNo };
const byIfId = "ipman sets this itself: use the child's if_id";
const byAddr = "ipman sets this itself: use localAddr and remoteAddr";
const bySelectors = "ipman sets this itself: use local_ips and remote_ips";

const connectionOptions: Record<string, Option> = {
  proposals: { check: (v) => proposalProblem("ike", v), list: true },
  rekey_time: time,
  reauth_time: time,
  over_time: time,
  rand_time: time,
  dpd_delay: time,
  dpd_timeout: time,
  version: { check: oneOf("2") },
  encap: flag,
  mobike: flag,
  pull: flag,
  aggressive: flag,
  ppk_required: flag,
  send_certreq: flag,
  fragmentation: { check: oneOf("yes", "accept", "force", "no") },
  childless: { check: oneOf("allow", "prefer", "force", "never") },
  send_cert: { check: oneOf("always", "never", "ifasked") },
  unique: { check: oneOf("no", "never", "keep", "replace") },
  local_port: { check: port },
  remote_port: { check: port },
  pools: { list: true },
  vips: { list: true },
  if_id_in: refuse(byIfId),
  if_id_out: refuse(byIfId),
  local_addrs: refuse(byAddr),
  remote_addrs: refuse(byAddr),
  children: refuse("ipman sets this itself: use spec.children"),
  local: refuse("ipman sets this itself: use localId and secretRef"),
  remote: refuse("ipman sets this itself: use remoteId and secretRef"),
};

const childOptions: Record<string, Option> = {
  esp_proposals: { check: (v) => proposalProblem("esp", v), list: true },
  ah_proposals: refuse("AH does not encrypt: use esp_proposals"),
  rekey_time: time,
  life_time: time,
  rand_time: time,
  inactivity: time,
  start_action: { check: oneOf("start", "none", "trap", "trap|start"), handled: true },
  dpd_action: { check: oneOf("restart", "clear", "trap", "none"), handled: true },
  close_action: { check: oneOf("start", "restart", "none"), handled: true },
  mode: { check: oneOf("tunnel"), handled: true },
  if_id_in: refuse(byIfId),
  if_id_out: refuse(byIfId),
  reqid: refuse(
    "charon chooses it, since two children with the same reqid would share traffic: remove it",
  ),
  local_ts: refuse(bySelectors),
  remote_ts: refuse(bySelectors),
  updown: refuse("ipman configures the gateway without scripts: remove it"),
  policies: { check: oneOf("yes") },
  ipcomp: flag,
  hostaccess: flag,
  copy_df: flag,
  copy_ecn: flag,
  sha256_96: flag,
  policies_fwd_out: flag,
};

/** Every problem of a connection's `extra`; paths are names of options. */
export function connectionExtraProblems(extra: Extra): Problem[] {
  return extraProblems(connectionOptions, extra);
}

/** Every problem of a child's `extra`; paths are names of options. */
export function childExtraProblems(extra: Extra): Problem[] {
  return extraProblems(childOptions, extra);
}

/** Options with lower-case names, since charon ignores the case of names. */
export function canonicalExtra(extra: Extra): Record<string, string> {
  return Object.fromEntries(Object.entries(extra).map(([name, value]) => [lower(name), value]));
}

/** charon cuts a name at a NUL byte, so it would read `updown\0x` as `updown`. */
const optionName = /^[a-z][a-z0-9_]*$/i;

/** Checks options in the order of their names, as the API server returns them. */
function extraProblems(options: Record<string, Option>, extra: Extra): Problem[] {
  const seen = new Map<string, string>();
  const names = Object.keys(extra).toSorted();
  return names.flatMap((name) => {
    const twin = seen.get(lower(name));
    seen.set(lower(name), name);
    const value = extra[name] ?? "";
    const problem = nameProblem(name, twin) ?? own(options, lower(name))?.check?.(value);
    return problemAt(name, problem);
  });
}

function nameProblem(name: string, twin: string | undefined): string | undefined {
  if (!optionName.test(name)) {
    return "is not a valid option name: use letters, digits and underscores, as in swanctl.conf";
  }
  if (twin === undefined) return undefined;
  return `is the same option as ${twin}, since charon ignores case: keep one of them`;
}

function lower(name: string): string {
  return name.toLowerCase();
}

/** The options for charon in VICI's form. Unknown options are forwarded: charon may know them. */
export function connectionExtraMessage(extra: Extra): Record<string, string | string[]> {
  return extraMessage(connectionOptions, extra);
}

/** Like {@link connectionExtraMessage}, for a child. */
export function childExtraMessage(extra: Extra): Record<string, string | string[]> {
  return extraMessage(childOptions, extra);
}

function extraMessage(
  options: Record<string, Option>,
  extra: Extra,
): Record<string, string | string[]> {
  const members = Object.entries(extra).flatMap(([name, value]): [string, string | string[]][] => {
    const option = own(options, name);
    if (option?.handled === true) return [];
    return [[name, option?.list === true ? value.split(",").map((item) => item.trim()) : value]];
  });
  return Object.fromEntries(members);
}

function oneOf(...values: string[]): (value: string) => string | undefined {
  return (value) =>
    values.includes(value) ? undefined : `"${value}" is not allowed: use ${values.join(" or ")}`;
}

function port(value: string): string | undefined {
  const number = Number(value);
  if (/^\d+$/.test(value) && number >= 1 && number <= 65_535) return undefined;
  return `"${value}" is not a port: use 1 to 65535`;
}
