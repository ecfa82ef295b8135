import { parseCharonSettings, type CharonSettings } from "../../model/charon/charon-settings.ts";
import { textOption, UsageError, type Values } from "./command.ts";

/** The option that has charon's settings, none by default. */
export function settingsOption(values: Values): CharonSettings {
  const result = parseCharonSettings(textOption(values, "charon-settings", "{}"));
  if (result.ok) return result.value;
  const lines = result.problems.map(({ path, message }) => [path, message].join(" ").trim());
  throw new UsageError(`--charon-settings: ${lines.join("; ")}`);
}
