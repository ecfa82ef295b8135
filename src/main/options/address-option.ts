import { UsageError, type CommandOption } from "./option.ts";

const largestPort = 65_535;

/** An option that is `host:port`. */
export function addressOption(
  flags: string,
  help: string,
  fallback: string,
): CommandOption<string> {
  const parse = (text: string) => {
    if (isAddress(text)) return text;
    throw new UsageError(`must be host:port with a port up to ${largestPort}, not "${text}"`);
  };
  return { flags, help, fallback, parse };
}

/** An option that is `host:port`, or `off`. */
export function addressOrOff(flags: string, help: string, fallback: string): CommandOption<string> {
  const parse = (text: string) => {
    if (text === "off" || isAddress(text)) return text;
    throw new UsageError(
      `must be off, or host:port with a port up to ${largestPort}, not "${text}"`,
    );
  };
  return { flags, help: `${help}; "off" disables it`, fallback, parse, offers: [fallback, "off"] };
}

function isAddress(text: string): boolean {
  const port = /:(\d{1,5})$/.exec(text)?.[1];
  return port !== undefined && Number(port) <= largestPort;
}
