import { parseSeconds } from "../text/duration.ts";
import { own } from "../value/own.ts";
import { proposalProblem } from "./proposal.ts";
import { problemAt, type Problem } from "./result.ts";

/** Options as a manifest has them: name → value. */
type Extra = Readonly<Record<string, string>>;

/** What ipman does with an option of `extra`: check and pass it on, handle it itself, refuse it. */
interface Option {
  /** The problem with a value, if any. */
  readonly check?: (value: string) => string | undefined;
  /** The actors do it; charon is not told. */
  readonly handled?: true;
  /** charon takes several values: a list on the wire, commas in the manifest. */
  readonly list?: true;
}

const yesNo = oneOf("yes", "no");
const refuse = (why: string): Option => ({ check: () => why });
const time: Option = {
  check: (v) =>
    parseSeconds(v) === undefined ? `"${v}" is no time: write 90, 30s, 5m, 4h or 1d` : undefined,
};
const flag: Option = { check: yesNo };
const byIfId = "if_id decides this: set the child's if_id instead";
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
  children: refuse("children have a field of their own"),
  local: refuse("ipman sets this itself: use localId and secretRef"),
  remote: refuse("ipman sets this itself: use remoteId and secretRef"),
};

const childOptions: Record<string, Option> = {
  esp_proposals: { check: (v) => proposalProblem("esp", v), list: true },
  ah_proposals: refuse("AH authenticates only: use esp_proposals"),
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
  reqid: refuse("charon chooses it, since two children with one reqid would share their traffic"),
  local_ts: refuse(bySelectors),
  remote_ts: refuse(bySelectors),
  updown: refuse(
    "the gateway is configured without scripts: what the script did belongs elsewhere",
  ),
  policies: { check: oneOf("yes") },
  ipcomp: flag,
  hostaccess: flag,
  copy_df: flag,
  copy_ecn: flag,
  sha256_96: flag,
  policies_fwd_out: flag,
};

/** Everything that is wrong with a connection's `extra`; paths are names of options. */
export function connectionExtraProblems(extra: Extra): Problem[] {
  return extraProblems(connectionOptions, extra);
}

/** Everything that is wrong with a child's `extra`; paths are names of options. */
export function childExtraProblems(extra: Extra): Problem[] {
  return extraProblems(childOptions, extra);
}

/** charon compares names of options without regard to case; here they are lower case. */
export function canonicalExtra(extra: Extra): Record<string, string> {
  return Object.fromEntries(Object.entries(extra).map(([name, value]) => [lower(name), value]));
}

/** charon cuts a name at a NUL byte, so that `updown\0x` would be `updown` to it. */
const optionName = /^[a-z][a-z0-9_]*$/i;

/** In the order of the names, which is the API server's: it may be another than the manifest's. */
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
    return "is not the name of an option: use letters, digits and underscores, as swanctl.conf does";
  }
  if (twin === undefined) return undefined;
  return `is the same option as ${twin}, since charon does not distinguish upper and lower case: keep one`;
}

function lower(name: string): string {
  return name.toLowerCase();
}

/** The options that charon gets, as it wants them. Unknown ones go on to it: it may know them. */
export function connectionExtraMessage(extra: Extra): Record<string, string | string[]> {
  return extraMessage(connectionOptions, extra);
}

/** As {@link connectionExtraMessage}, of a child. */
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
    values.includes(value)
      ? undefined
      : `"${value}" is not possible here: use ${values.join(" or ")}`;
}

function port(value: string): string | undefined {
  const number = Number(value);
  if (/^\d+$/.test(value) && number >= 1 && number <= 65_535) return undefined;
  return `"${value}" is no port: use 1 to 65535`;
}
