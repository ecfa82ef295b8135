import { parseArgs } from "node:util";
import { longName, parseValue, type OptionTable, type ValuesOf } from "../options/option.ts";

/**
 * The values of a command line that has nothing but options of the table. It is parsed by Node
 * alone, for a command whose start-up time matters; commander explains everything else.
 *
 * @returns undefined for a command line that asks for help or is wrong
 */
export function quickValues<Options extends OptionTable>(
  options: Options,
  args: readonly string[],
): ValuesOf<Options> | undefined {
  const named = Object.entries(options).map(
    ([name, option]) => [name, option, longName(option).slice("--".length)] as const,
  );
  const types = named.map(([, { parse }, flag]) => {
    return [flag, { type: parse === undefined ? "boolean" : "string" } as const] as const;
  });
  try {
    const { values } = parseArgs({ args: [...args], options: Object.fromEntries(types) });
    const parsed = named.map(([name, option, flag]) => {
      const value = values[flag];
      if (typeof value !== "string") return [name, value ?? option.fallback];
      return [name, parseValue(option, value)];
    });
    return Object.fromEntries(parsed) as ValuesOf<Options>;
  } catch {
    return undefined;
  }
}
