import { parseCharonSettings, type CharonSettings } from "../../model/charon/charon-settings.ts";
import { UsageError, type CommandOption } from "./option.ts";

/** Settings of charon-systemd in strongswan.conf, none by default. */
export const charonSettings: CommandOption<CharonSettings> = {
  flags: "--charon-settings <json>",
  help: `settings of charon-systemd in strongswan.conf, by dotted names: '{"filelog.container.ike":2}'`,
  fallback: {},
  parse: (text) => {
    const result = parseCharonSettings(text);
    if (result.ok) return result.value;
    const lines = result.problems.map(({ path, message }) => [path, message].join(" ").trim());
    throw new UsageError(`must be valid settings: ${lines.join("; ")}`);
  },
};
