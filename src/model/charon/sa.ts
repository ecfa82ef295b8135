import { interned } from "../value/interned.ts";
import { parsePrefix, formatPrefix, type Prefix } from "../net/prefix.ts";
import { isSection, textIn, type Section } from "./section.ts";

/** What the actors want to know of a CHILD SA; the source is one entry of `list-sas`. */
export interface ChildSa {
  /** The child's key. */
  readonly name: string;
  readonly uniqueId: string;
  readonly state: string;
  readonly ifId: number | undefined;
  readonly encryption: string | undefined;
  readonly integrity: string | undefined;
  /** Wrapped in UDP. */
  readonly encapsulated: boolean;
  /** The peer's address of its IKE SA, which it shares. */
  readonly remoteHost: string;
  readonly localSelectors: readonly string[];
  readonly remoteSelectors: readonly string[];
}

/** What the actors want to know of an IKE SA. */
export interface IkeSa {
  /** The connection's name in charon. */
  readonly connection: string;
  readonly uniqueId: string;
  readonly state: string;
  readonly localId: string | undefined;
  readonly remoteId: string | undefined;
  readonly localHost: string;
  readonly remoteHost: string;
  /** Tasks under way or waiting, as charon names them: `IKE_INIT`, `CHILD_CREATE`. */
  readonly tasks: readonly string[];
  readonly children: readonly ChildSa[];
}

/** The IKE SAs in one message of `list-sas` or of an event: sections by connection name. */
export function ikeSasFromMessage(message: Section): IkeSa[] {
  return Object.entries(message).flatMap(([connection, section]) =>
    isSection(section) && "uniqueid" in section ? [ikeSaFromSection(connection, section)] : [],
  );
}

function ikeSaFromSection(connection: string, raw: Section): IkeSa {
  const children = isSection(raw["child-sas"]) ? Object.values(raw["child-sas"]) : [];
  const remoteHost = text(raw, "remote-host") ?? "";
  return {
    connection,
    uniqueId: text(raw, "uniqueid") ?? "",
    state: text(raw, "state") ?? "",
    localId: text(raw, "local-id"),
    remoteId: text(raw, "remote-id"),
    localHost: text(raw, "local-host") ?? "",
    remoteHost,
    tasks: [
      ...list(raw, "tasks-active"),
      ...list(raw, "tasks-queued"),
      ...list(raw, "tasks-passive"),
    ],
    children: children.filter(isSection).map((child) => childSaFromSection(child, remoteHost)),
  };
}

function childSaFromSection(raw: Section, remoteHost: string): ChildSa {
  const ifId = text(raw, "if-id-out");
  return {
    name: text(raw, "name") ?? "",
    uniqueId: text(raw, "uniqueid") ?? "",
    state: text(raw, "state") ?? "",
    ifId: ifId === undefined ? undefined : Number.parseInt(ifId, 16),
    encryption: text(raw, "encr-alg"),
    integrity: text(raw, "integ-alg"),
    encapsulated: text(raw, "encap") === "yes",
    remoteHost,
    localSelectors: list(raw, "local-ts").map(canonical),
    remoteSelectors: list(raw, "remote-ts").map(canonical),
  };
}

/** An SA, of either kind, whose successor is being made. */
export function isRekeying({ state }: Pick<IkeSa | ChildSa, "state">): boolean {
  return state === "REKEYING";
}

/** An IKE SA over which children can be made or are carried. */
export function isEstablished(sa: Pick<IkeSa, "state">): boolean {
  return sa.state === "ESTABLISHED" || isRekeying(sa);
}

/**
 * An IKE SA of which MOBIKE looks for a path (RFC 4555), and which does nothing else until it
 * has found one.
 */
export function isMoving(sa: Pick<IkeSa, "state" | "tasks">): boolean {
  return isEstablished(sa) && sa.tasks.includes("IKE_MOBIKE");
}

/** A CHILD SA that carries traffic. One that was rekeyed stays listed for a while, and does not. */
export function isInstalled(sa: Pick<ChildSa, "state">): boolean {
  return sa.state === "INSTALLED" || sa.state === "UPDATING" || isRekeying(sa);
}

function text(raw: Section, name: string): string | undefined {
  const value = textIn(raw, name);
  return value === undefined ? undefined : interned(value);
}

function list(raw: Section, name: string): string[] {
  const value = raw[name];
  if (!Array.isArray(value)) return [];
  return value.filter((item) => typeof item === "string").map((item) => interned(item));
}

/** A selector in our notation; one that is no plain network stays as charon wrote it. */
function canonical(selector: string): string {
  const prefix: Prefix | undefined = parsePrefix(selector);
  return prefix === undefined ? selector : interned(formatPrefix(prefix));
}

/** True where two lists of the same connection say the same. */
export function sameSas(a: readonly IkeSa[], b: readonly IkeSa[]): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
