import { isSection, textIn, type Section } from "./section.ts";

/** What there is to measure of a CHILD SA; the source is one entry of `list-sas`. */
export interface ChildFigures {
  /** The child's key. */
  readonly name: string;
  readonly uniqueId: string;
  readonly state: string;
  /** Eight hexadecimal digits. */
  readonly spiIn: string;
  readonly spiOut: string;
  readonly encapsulated: boolean;
  /** Whether charon tells what it carried: of one that is being deleted it does not. */
  readonly counted: boolean;
  /** In bits; 0 where there is none. */
  readonly encryptionKeysize: number;
  readonly integrityKeysize: number;
  readonly bytesIn: number;
  readonly packetsIn: number;
  /** Seconds since a packet came; 0 where none ever did. */
  readonly idleIn: number;
  readonly bytesOut: number;
  readonly packetsOut: number;
  readonly idleOut: number;
  /** Seconds that it has been there, until it is rekeyed, and until it ends. */
  readonly age: number;
  readonly rekeyIn: number;
  readonly lifeLeft: number;
}

/** What there is to measure of an IKE SA. */
export interface IkeFigures {
  /** The connection's name in charon. */
  readonly connection: string;
  readonly uniqueId: string;
  readonly state: string;
  readonly version: number;
  readonly initiator: boolean;
  readonly natRemote: boolean;
  readonly natFake: boolean;
  /** In bits; 0 where there is none. */
  readonly encryptionKeysize: number;
  readonly integrityKeysize: number;
  /** Seconds that it has been there, until it is rekeyed, and until it authenticates anew. */
  readonly age: number;
  readonly rekeyIn: number;
  readonly reauthIn: number;
  readonly children: readonly ChildFigures[];
}

/** What an SA of the kernel had carried when it was deleted. */
export interface SaEnd {
  /** Eight hexadecimal digits. */
  readonly spi: string;
  readonly bytes: number;
  readonly packets: number;
}

/** What charon tells when it is asked. */
export interface CharonFigures {
  readonly ikes: readonly IkeFigures[];
  /** The connections that it has, with their children. */
  readonly loaded: ReadonlyMap<string, readonly string[]>;
}

/** The figures in one message of `list-sas` or of an event: sections by connection name. */
export function figuresFromMessage(message: Section): IkeFigures[] {
  return Object.entries(message).flatMap(([connection, section]) =>
    isSection(section) && "uniqueid" in section ? [ikeFigures(connection, section)] : [],
  );
}

function ikeFigures(connection: string, ike: Section): IkeFigures {
  const children = isSection(ike["child-sas"]) ? Object.values(ike["child-sas"]) : [];
  return {
    connection,
    uniqueId: textIn(ike, "uniqueid") ?? "",
    state: textIn(ike, "state") ?? "",
    version: number(ike, "version"),
    initiator: flag(ike, "initiator"),
    natRemote: flag(ike, "nat-remote"),
    natFake: flag(ike, "nat-fake"),
    encryptionKeysize: number(ike, "encr-keysize"),
    integrityKeysize: number(ike, "integ-keysize"),
    age: number(ike, "established"),
    rekeyIn: number(ike, "rekey-time"),
    reauthIn: number(ike, "reauth-time"),
    children: children.filter(isSection).flatMap(childFigures),
  };
}

/** The children of each connection in one message of `list-conns`. */
export function loadedFromMessage(message: Section): [connection: string, children: string[]][] {
  return Object.entries(message).flatMap(([connection, section]) => {
    if (!isSection(section)) return [];
    const { children } = section;
    return [[connection, isSection(children) ? Object.keys(children) : []]];
  });
}

/** An event of a rekey has the `old` and the `new` CHILD SA in one section. */
function childFigures(section: Section): ChildFigures[] {
  if ("uniqueid" in section) return [figuresOfChild(section)];
  return [section["old"], section["new"]].filter(isSection).map(figuresOfChild);
}

function figuresOfChild(child: Section): ChildFigures {
  return {
    name: textIn(child, "name") ?? "",
    uniqueId: textIn(child, "uniqueid") ?? "",
    state: textIn(child, "state") ?? "",
    spiIn: textIn(child, "spi-in") ?? "",
    spiOut: textIn(child, "spi-out") ?? "",
    encapsulated: flag(child, "encap"),
    counted: "bytes-in" in child,
    encryptionKeysize: number(child, "encr-keysize"),
    integrityKeysize: number(child, "integ-keysize"),
    bytesIn: number(child, "bytes-in"),
    packetsIn: number(child, "packets-in"),
    idleIn: number(child, "use-in"),
    bytesOut: number(child, "bytes-out"),
    packetsOut: number(child, "packets-out"),
    idleOut: number(child, "use-out"),
    age: number(child, "install-time"),
    rekeyIn: number(child, "rekey-time"),
    lifeLeft: number(child, "life-time"),
  };
}

function flag(section: Section, name: string): boolean {
  return section[name] === "yes";
}

/** charon leaves out what it has no figure for. */
function number(section: Section, name: string): number {
  const value = Number(section[name] ?? 0);
  return Number.isFinite(value) ? value : 0;
}
