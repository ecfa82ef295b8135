import type { Message, Value } from "vici-client";
import { authenticationOptions } from "../../../src/model/charon/options/authentication-options.ts";
import type { CharonOption } from "../../../src/model/charon/options/charon-option.ts";
import { childOptions } from "../../../src/model/charon/options/child-options.ts";
import { connectionOptions } from "../../../src/model/charon/options/connection-options.ts";
import {
  everyVersion,
  isInRange,
  type CharonVersion,
} from "../../../src/model/charon/proposals/charon-version.ts";
import { own } from "../../../src/model/value/own.ts";

type Options = Readonly<Record<string, CharonOption>>;
type Member = Message[string];

/**
 * Why charon would reject a connection; undefined if it would accept it. charon stops at the first
 * fault in the order of the message.
 */
export function rejection(connection: Message, version: CharonVersion): string | undefined {
  const ofChild = (child: Message) => sectionFault(child, childOptions, version, invalidSection);
  const ofAuthentication = (round: Message) =>
    sectionFault(round, authenticationOptions, version, (name) =>
      /^(?:ca)?cert/i.test(name) ? undefined : invalidSection(name),
    );
  return sectionFault(connection, connectionOptions, version, (name, section) => {
    if (name.toLowerCase() === "children")
      return firstOf(Object.values(section), (child) => ofChild(child as Message));
    return /^(?:local|remote)/i.test(name) ? ofAuthentication(section) : invalidSection(name);
  });
}

/** The first fault of a section. */
function sectionFault(
  section: Message,
  options: Options,
  version: CharonVersion,
  ofSection: (name: string, section: Message) => string | undefined,
): string | undefined {
  return firstOf(Object.entries(section), ([name, member]) => {
    if (member === undefined) return undefined;
    if (isSection(member)) return ofSection(name, member);
    const isList = Array.isArray(member);
    const values: readonly Value[] = isList ? member : [member as Value];
    // charon does not see a list without items.
    if (values.length === 0) return undefined;
    const option = own(options, name);
    if (option === undefined || isList !== (option.list === true) || !isKnown(option, version))
      return `unknown option: ${name}, config discarded`;
    return values.every((value) => isAccepted(option, value, version))
      ? undefined
      : `invalid value for: ${name}, config discarded`;
  });
}

function isKnown({ versions = everyVersion }: CharonOption, version: CharonVersion): boolean {
  return isInRange(version, versions);
}

/** Bytes are certificates and keys, which are not parsed here. */
function isAccepted({ kind }: CharonOption, value: Value, version: CharonVersion): boolean {
  if (typeof value !== "string") return true;
  const versions = kind.acceptedBy(value);
  return versions !== undefined && isInRange(version, versions);
}

function isSection(member: Member): member is Message {
  return typeof member === "object" && !Array.isArray(member) && !(member instanceof Uint8Array);
}

function invalidSection(name: string): string {
  return `invalid section: ${name}`;
}

function firstOf<T>(
  items: readonly T[],
  faultOf: (item: T) => string | undefined,
): string | undefined {
  for (const item of items) {
    const fault = faultOf(item);
    if (fault !== undefined) return fault;
  }
  return undefined;
}
