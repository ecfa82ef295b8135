import { own } from "../../value/own.ts";
import { problemAt, type Problem } from "../../api/result.ts";
import { parseBytes, parseCount, parseDuration } from "./number-kinds.ts";

/** The options of a manifest by their names in lower case. */
type Options = Readonly<Record<string, string>>;

/** charon limits an SA by time, by bytes and by packets. */
const limits = [
  { unit: "time", parse: parseDuration, rekeyDefault: 3_600 },
  { unit: "bytes", parse: parseBytes, rekeyDefault: 0 },
  { unit: "packets", parse: parseCount, rekeyDefault: 0 },
] as const;

/** The rekey time of an IKE SA that ipman declares unless the manifest does, in seconds. */
const ikeRekeyDefault = 14_400;

/** The problems of lifetimes of a child that end an SA before it is rekeyed. */
export function childLifetimeProblems(options: Options): Problem[] {
  return limits.flatMap((limit) => {
    const { rekey, life, random } = amounts(options, limit);
    const due = rekey ?? (life === undefined ? limit.rekeyDefault : softOf(life));
    return [
      ...problemAt(`life_${limit.unit}`, lifeProblem(limit.unit, rekey, life)),
      ...problemAt(`rand_${limit.unit}`, randomProblem(`rekey_${limit.unit}`, random, due)),
    ];
  });
}

/** The problem of a connection's `rand_time`, which charon subtracts from the other times. */
export function connectionLifetimeProblems(options: Options): Problem[] {
  const seconds = (name: string) => parseDuration(own(options, name) ?? "");
  const random = seconds("rand_time");
  const rekey = seconds("rekey_time") ?? ikeRekeyDefault;
  const reauth = seconds("reauth_time") ?? 0;
  const problem =
    (rekey > 0 ? randomProblem("rekey_time", random, rekey) : undefined) ??
    (reauth > 0 ? randomProblem("reauth_time", random, reauth) : undefined);
  return problemAt("rand_time", problem);
}

function lifeProblem(
  unit: string,
  rekey: number | undefined,
  life: number | undefined,
): string | undefined {
  if (rekey === undefined || life === undefined || life === 0 || life > rekey) return undefined;
  return `is not longer than rekey_${unit}: the SA would end before it is rekeyed; use a longer life_${unit}, or a shorter rekey_${unit}`;
}

function randomProblem(name: string, random: number | undefined, due: number): string | undefined {
  if (random === undefined || random === 0 || random < due) return undefined;
  return `is not shorter than ${name}, from which charon subtracts up to this: use a tenth of it`;
}

/**
 * Completes the lifetimes of a child as charon does since 5.9.9: a lifetime without a rekey time has
 * one before its end. charon 5.9.8 would rekey after an hour, which may be too late. It would also
 * subtract a random time that may be longer than the rekey time, and then rekey each SA at once.
 */
export function completedLifetimes(options: Options): Record<string, string> {
  const added: Record<string, string> = {};
  for (const limit of limits) {
    const { rekey, life, random } = amounts(options, limit);
    if (life === undefined || life === 0) continue;
    const due = rekey ?? softOf(life);
    if (rekey === undefined) added[`rekey_${limit.unit}`] = String(due);
    if (random === undefined && life - due >= due)
      added[`rand_${limit.unit}`] = String(Math.floor(due / 10));
  }
  return added;
}

type Limit = (typeof limits)[number];

function amounts(options: Options, { unit, parse }: Limit) {
  const amount = (name: string) => parse(own(options, `${name}_${unit}`) ?? "");
  return { rekey: amount("rekey"), life: amount("life"), random: amount("rand") };
}

/** The time after which charon rekeys an SA of that lifetime. */
function softOf(life: number): number {
  return Math.floor(life / 1.1);
}
