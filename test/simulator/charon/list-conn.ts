import type { Message } from "vici-client";
import { parseAction } from "../../../src/model/charon/options/action.ts";
import { parseBytes, parseDuration } from "../../../src/model/charon/options/number-kinds.ts";
import {
  isInRange,
  type CharonVersion,
} from "../../../src/model/charon/proposals/charon-version.ts";
import { parseIdentity } from "../../../src/model/identity/identity.ts";
import { outermostNetworks } from "../../../src/model/net/outermost.ts";
import { formatPrefix, networkOf, parsePrefix } from "../../../src/model/net/prefix.ts";
import { espProposals, ikeProposals } from "./list-proposals.ts";

/**
 * The entry of `list-conns` for a connection that was loaded with this configuration, with charon's
 * defaults. Source: strongSwan 5.9.8 and 6.1.0, vici_query.c and vici_config.c.
 */
export function connMessage(config: Message, version: CharonVersion): Message {
  const listsProposals = isInRange(version, { since: "6.0.7" });
  const { local_addrs = ["%any"], remote_addrs = ["%any"], children = {} } = config;
  return {
    local_addrs,
    remote_addrs,
    ...(listsProposals && {
      local_port: "500",
      remote_port: "500",
      proposals: ikeProposals(config["proposals"]),
    }),
    version: versions.get(text(config["version"])) ?? "IKEv1/2",
    ...lifetimes(config),
    unique: `UNIQUE_${text(config["unique"] ?? "no").toUpperCase()}`,
    ...unlessZero("dpd_delay", config["dpd_delay"]),
    ...unlessZero("dpd_timeout", config["dpd_timeout"]),
    "local-1": authentication(config["local"]),
    "remote-1": authentication(config["remote"]),
    children: Object.fromEntries(
      Object.entries(children as Record<string, Message>).map(([name, child]) => [
        name,
        {
          ...childMessage(child),
          ...(listsProposals && {
            ah_proposals: {},
            esp_proposals: espProposals(child["esp_proposals"]),
          }),
        },
      ]),
    ),
  };
}

const versions: ReadonlyMap<string, string> = new Map([
  ["1", "IKEv1"],
  ["2", "IKEv2"],
]);

const hour = 3_600;

/** Without both lifetimes, charon rekeys every four hours; a missing one is off. */
function lifetimes({ rekey_time, reauth_time }: Message): Message {
  const isDefault = rekey_time === undefined && reauth_time === undefined;
  return {
    reauth_time: seconds(reauth_time, 0),
    rekey_time: seconds(rekey_time, isDefault ? 4 * hour : 0),
  };
}

function authentication(round: unknown): Message {
  const { id } = (round ?? {}) as Message;
  return {
    class: "pre-shared key",
    ...(id !== undefined && { id: parseIdentity(text(id)).text }),
    groups: [],
    cert_policy: [],
    certs: [],
    cacerts: [],
  };
}

function childMessage(child: Message): Message {
  return {
    mode: "TUNNEL",
    rekey_time: seconds(child["rekey_time"], hour),
    rekey_bytes: bytes(child["rekey_bytes"]),
    rekey_packets: text(child["rekey_packets"] ?? "0"),
    dpd_action: action(child["dpd_action"]),
    close_action: action(child["close_action"]),
    "local-ts": selectors(child["local_ts"]),
    "remote-ts": selectors(child["remote_ts"]),
    ...(child["interface"] !== undefined && { interface: text(child["interface"]) }),
    ...unlessZero("priority", child["priority"]),
  };
}

/** An action as charon prints it, without its synonyms. */
function action(value: Message[string] | undefined): string {
  const { trap, start } = parseAction(text(value ?? "none")) ?? { trap: false, start: false };
  return [trap && "trap", start && "start"].filter(Boolean).join("|") || "none";
}

/** Traffic selectors as charon prints them: a network within another one is left out. */
export function selectors(value: Message[string] | undefined): string[] {
  if (!Array.isArray(value)) return ["dynamic"];
  const networks = value.flatMap((item) => parsePrefix(item) ?? []);
  return outermostNetworks(networks.map(networkOf)).map(formatPrefix);
}

function unlessZero(name: string, value: Message[string] | undefined): Message {
  const number = seconds(value, 0);
  return number === "0" ? {} : { [name]: number };
}

function seconds(value: Message[string] | undefined, fallback: number): string {
  return String(parseDuration(text(value ?? "")) ?? fallback);
}

function bytes(value: Message[string] | undefined): string {
  return String(parseBytes(text(value ?? "0")) ?? 0);
}

function text(value: Message[string] | undefined): string {
  return typeof value === "string" ? value : "";
}
