import type { Message } from "vici-client";

/** The entry of `list-conns` for a connection that was loaded with this configuration. */
export function connMessage(config: Message): Message {
  const { local_addrs = ["%any"], remote_addrs = ["%any"], children = {} } = config;
  return {
    local_addrs,
    remote_addrs,
    version: "IKEv2",
    reauth_time: "0",
    rekey_time: "14400",
    unique: "UNIQUE_NO",
    "local-1": authentication(config["local"]),
    "remote-1": authentication(config["remote"]),
    children: Object.fromEntries(
      Object.entries(children as Record<string, Message>).map(([name, child]) => [
        name,
        childMessage(child),
      ]),
    ),
  };
}

function authentication(round: unknown): Message {
  const { id = "" } = (round ?? {}) as Message;
  return { class: "pre-shared key", id, groups: [], cert_policy: [], certs: [], cacerts: [] };
}

function childMessage({ local_ts = [], remote_ts = [] }: Message): Message {
  return {
    mode: "TUNNEL",
    rekey_time: "3600",
    rekey_bytes: "0",
    rekey_packets: "0",
    dpd_action: "none",
    close_action: "none",
    "local-ts": local_ts,
    "remote-ts": remote_ts,
  };
}
