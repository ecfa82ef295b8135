import { problemAt, type Problem } from "../../api/result.ts";
import { similarWord } from "../../text/similar-word.ts";
import { own } from "../../value/own.ts";
import { authenticationOptions } from "./authentication-options.ts";
import { valuesOf, type CharonOption } from "./charon-option.ts";
import { childOptions } from "./child-options.ts";
import { connectionOptions, connectionSections } from "./connection-options.ts";
import { canonicalExtra, type ExtraOptions } from "./extra.ts";
import { ipsecConfRemedy } from "./ipsec-conf.ts";
import { childLifetimeProblems, connectionLifetimeProblems } from "./lifetimes.ts";

/** The options that an `extra` may have, and those that belong elsewhere. */
interface OptionLevel {
  readonly options: Readonly<Record<string, CharonOption>>;
  /** Names that are not options, with the remedy. */
  readonly others: Readonly<Record<string, string>>;
  readonly elsewhere: {
    readonly options: Readonly<Record<string, CharonOption>>;
    readonly remedy: string;
  };
  /** Fields of the manifest beside `extra`, in lower case, and their place. */
  readonly fields: readonly string[];
  readonly place: string;
  readonly lifetimeProblems: (options: ExtraOptions) => Problem[];
}

const connectionLevel: OptionLevel = {
  options: connectionOptions,
  others: connectionSections,
  elsewhere: {
    options: childOptions,
    remedy: "is an option of a child: move it to the child's extra",
  },
  fields:
    "name remoteaddr localaddr localid remoteid secretref nodename groupref paths failover".split(
      " ",
    ),
  place: "spec",
  lifetimeProblems: connectionLifetimeProblems,
};

const childLevel: OptionLevel = {
  options: childOptions,
  others: {},
  elsewhere: {
    options: connectionOptions,
    remedy: "is an option of the connection: move it to spec.extra",
  },
  fields: "name local_ips remote_ips xfrm_ip vxlan_ip if_id ip_pools probe nat".split(" "),
  place: "the child",
  lifetimeProblems: childLifetimeProblems,
};

/**
 * Every problem of a connection's `extra`; paths are names of options.
 *
 * @param inherited options that apply beside these, such as a connection's beside those of a path
 */
export function connectionExtraProblems(
  extra: ExtraOptions,
  inherited: ExtraOptions = {},
): Problem[] {
  return extraProblems(connectionLevel, extra, inherited);
}

/** Every problem of a child's `extra`; paths are names of options. */
export function childExtraProblems(extra: ExtraOptions): Problem[] {
  return extraProblems(childLevel, extra);
}

/** charon cuts a name at a NUL byte, so it would read `updown\0x` as `updown`. */
const optionName = /^[a-z][a-z0-9_]*$/i;

/** Checks options in the order of their names, as the API server returns them. */
function extraProblems(
  level: OptionLevel,
  extra: ExtraOptions,
  inherited: ExtraOptions = {},
): Problem[] {
  const seen = new Map<string, string>();
  const names = Object.keys(extra).toSorted();
  const ofOptions = names.flatMap((written) => {
    const name = written.toLowerCase();
    const twin = seen.get(name);
    seen.set(name, written);
    const value = extra[written] ?? "";
    const problem = nameProblem(written, twin) ?? optionProblem(level, name, value);
    return problemAt(written, problem);
  });
  if (ofOptions.length > 0) return ofOptions;
  return level
    .lifetimeProblems({ ...canonicalExtra(inherited), ...canonicalExtra(extra) })
    .map(({ path, message }) => ({ path: seen.get(path) ?? path, message }));
}

function nameProblem(name: string, twin: string | undefined): string | undefined {
  if (!optionName.test(name)) {
    return "is not a valid option name: use letters, digits and underscores, as in swanctl.conf";
  }
  if (twin === undefined) return undefined;
  return `is the same option as ${twin}, since ipman ignores case: keep one of them`;
}

function optionProblem(level: OptionLevel, name: string, value: string): string | undefined {
  const option = own(level.options, name);
  return option === undefined ? misplacedProblem(level, name, value) : valueProblem(option, value);
}

function valueProblem(option: CharonOption, value: string): string | undefined {
  const { refused, limit, kind } = option;
  const reason = refused ?? limit?.objection(value);
  if (reason !== undefined) return reason;
  return valuesOf(option, value)
    .map((item) => kind.problem(item))
    .find((problem) => problem !== undefined);
}

/** The problem of a name that is not an option of this level; an unknown name has none. */
function misplacedProblem(level: OptionLevel, name: string, value: string): string | undefined {
  const { others, elsewhere, fields, place } = level;
  const misplaced = own(elsewhere.options, name);
  if (misplaced !== undefined) return misplaced.refused ?? elsewhere.remedy;
  const remedy = own(others, name) ?? ipsecConfProblem(name, value);
  if (remedy !== undefined) return remedy;
  if (fields.includes(name)) return `is a field, not an option: move it out of extra, to ${place}`;
  if (own(authenticationOptions, name) !== undefined)
    return "ipman sets this itself: use localId, remoteId and secretRef";
  return similarProblem(level, name);
}

function ipsecConfProblem(name: string, value: string): string | undefined {
  const remedy = ipsecConfRemedy(name, value);
  return remedy === undefined ? undefined : `is an option of ipsec.conf: ${remedy}`;
}

function similarProblem({ options, elsewhere }: OptionLevel, name: string): string | undefined {
  const here = similarWord(name, Object.keys(options));
  const there = here ?? similarWord(name, Object.keys(elsewhere.options));
  return there === undefined ? undefined : `is not an option: did you mean ${there}?`;
}
