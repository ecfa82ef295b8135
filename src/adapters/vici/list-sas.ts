import type { Message } from "vici-client";
import type { ChildSaStatistics, IkeSaStatistics } from "../../model/charon/sa-statistics.ts";
import type { ChildSa, IkeSa } from "../../model/charon/sa.ts";
import { formatPrefix, parsePrefix } from "../../model/net/prefix.ts";
import { interned, internedBy } from "../../model/value/interned.ts";
import { flagIn, isSection, listIn, numberIn, sectionIn, sectionsIn, textIn } from "./section.ts";

/** Whether each SA is read with its statistics, which differ in every list. */
export interface SaDetail {
  readonly statistics: boolean;
}

const withoutStatistics: SaDetail = { statistics: false };

/**
 * The IKE SAs in one message of `list-sas` or of an event, whose sections are named by connection.
 * Members of other types are skipped, and a member that an SA lacks is empty or undefined.
 *
 * Source: strongSwan, src/libcharon/plugins/vici/vici_query.c (list_ike, list_child).
 */
export function ikeSasIn(message: Message, { statistics }: SaDetail = withoutStatistics): IkeSa[] {
  const sas: IkeSa[] = [];
  for (const connection of Object.keys(message)) {
    const section = message[connection];
    if (!isSection(section) || !("uniqueid" in section)) continue;
    const sa = ikeSaOf(connection, section, statistics);
    sas.push(statistics ? { ...sa, statistics: ikeStatisticsOf(section) } : sa);
  }
  return sas;
}

function ikeSaOf(connection: string, section: Message, statistics: boolean): IkeSa {
  const text = statistics ? textIn : internedText;
  const remoteHost = text(section, "remote-host") ?? "";
  return {
    connection,
    uniqueId: text(section, "uniqueid") ?? "",
    state: text(section, "state") ?? "",
    localId: text(section, "local-id"),
    remoteId: text(section, "remote-id"),
    localHost: text(section, "local-host") ?? "",
    remoteHost,
    keyExchange: keyExchangeOf(section),
    tasks: [
      ...listIn(section, "tasks-active"),
      ...listIn(section, "tasks-queued"),
      ...listIn(section, "tasks-passive"),
    ].map(interned),
    children: childSectionsIn(section).map((child) => {
      const sa = childSaOf(child, remoteHost, text);
      return statistics ? { ...sa, statistics: childStatisticsOf(child) } : sa;
    }),
  };
}

/** A `child-rekey` event has the `old` and the `new` CHILD SA in one section. */
function childSectionsIn(section: Message): Message[] {
  const found: Message[] = [];
  for (const entry of sectionsIn(sectionIn(section, "child-sas"))) {
    const pair = "uniqueid" in entry ? [] : [entry["old"], entry["new"]].filter(isSection);
    if (pair.length === 0) found.push(entry);
    else found.push(...pair);
  }
  return found;
}

function childSaOf(section: Message, remoteHost: string, text: typeof textIn): ChildSa {
  const ifId = text(section, "if-id-out");
  return {
    name: text(section, "name") ?? "",
    uniqueId: text(section, "uniqueid") ?? "",
    state: text(section, "state") ?? "",
    ifId: ifId === undefined ? undefined : Number.parseInt(ifId, 16),
    encryption: text(section, "encr-alg"),
    integrity: text(section, "integ-alg"),
    keyExchange: keyExchangeOf(section),
    encapsulated: flagIn(section, "encap"),
    remoteHost,
    localSelectors: listIn(section, "local-ts").map(canonical),
    remoteSelectors: listIn(section, "remote-ts").map(canonical),
  };
}

/** The first exchange and the additional ones (RFC 9370), which charon has from 6.0 on. */
const exchanges = ["dh-group", ...Array.from({ length: 7 }, (_, i) => `ake${i + 1}`)];

function keyExchangeOf(section: Message): string | undefined {
  const methods = exchanges.flatMap((name) => textIn(section, name) ?? []);
  return methods.length === 0 ? undefined : interned(methods.join("/"));
}

function ikeStatisticsOf(section: Message): IkeSaStatistics {
  return {
    version: numberIn(section, "version"),
    initiator: flagIn(section, "initiator"),
    natRemote: flagIn(section, "nat-remote"),
    natFake: flagIn(section, "nat-fake"),
    encryptionKeysize: numberIn(section, "encr-keysize"),
    integrityKeysize: numberIn(section, "integ-keysize"),
    age: numberIn(section, "established"),
    rekeyIn: numberIn(section, "rekey-time"),
    reauthIn: numberIn(section, "reauth-time"),
  };
}

function childStatisticsOf(section: Message): ChildSaStatistics {
  return {
    spiIn: textIn(section, "spi-in") ?? "",
    spiOut: textIn(section, "spi-out") ?? "",
    counted: "bytes-in" in section,
    encryptionKeysize: numberIn(section, "encr-keysize"),
    integrityKeysize: numberIn(section, "integ-keysize"),
    bytesIn: numberIn(section, "bytes-in"),
    packetsIn: numberIn(section, "packets-in"),
    idleIn: numberIn(section, "use-in"),
    bytesOut: numberIn(section, "bytes-out"),
    packetsOut: numberIn(section, "packets-out"),
    idleOut: numberIn(section, "use-out"),
    age: numberIn(section, "install-time"),
    rekeyIn: numberIn(section, "rekey-time"),
    lifeLeft: numberIn(section, "life-time"),
  };
}

/**
 * The text of that name, interned. Actors keep lists without statistics, and a string that is cut
 * out of a message would keep all of the message.
 */
function internedText(section: Message, name: string): string | undefined {
  const text = textIn(section, name);
  return text === undefined ? undefined : interned(text);
}

/** A selector in our notation; one that is not a plain network stays as charon wrote it. */
const canonical = internedBy((selector) => {
  const prefix = parsePrefix(selector);
  return prefix === undefined ? selector : formatPrefix(prefix);
});
