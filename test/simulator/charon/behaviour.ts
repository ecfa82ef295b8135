import type { Message } from "vici-client";

/** How the peer reacts to the request of an SA. */
export type Behaviour =
  | "answers"
  | "silent"
  | "wrong key"
  | "no ESP proposal"
  | "no selectors"
  /** Its name does not resolve. */
  | "unresolved"
  /** It accepts none of our key exchange groups. */
  | "another group"
  /** It answers with networks that were not requested. */
  | "other selectors"
  /** It ends each IKE SA as soon as it is established. */
  | "hangs up"
  /** It accepts only the first pair of networks. */
  | "narrows"
  /** It has only one of our remote networks, {@link onlyNetwork}. */
  | "one network"
  /** It refuses a CHILD SA of several pairs of networks (RFC 7296, section 2.9). */
  | "requires pairs"
  /** It ends each CHILD SA soon after its installation. */
  | "closes";

/** The network of a peer that has only one. */
export const onlyNetwork = "10.1.2.0/24";

/** The log line about a CHILD SA that the peer refuses; undefined if it accepts a part or all. */
export function childRefusal(behaviour: Behaviour, config: Message): string | undefined {
  const networks = (name: string) => (config[name] as string[] | undefined) ?? [];
  const [local, remote] = [networks("local_ts"), networks("remote_ts")];
  if (behaviour === "requires pairs" && local.length + remote.length > 2)
    return "received SINGLE_PAIR_REQUIRED notify, no CHILD_SA built";
  if (behaviour === "one network" && !remote.includes(onlyNetwork))
    return childRefusals["no selectors"];
  return childRefusals[behaviour];
}

const childRefusals: Partial<Record<Behaviour, string>> = {
  "no ESP proposal": "received NO_PROPOSAL_CHOSEN notify, no CHILD_SA built",
  "no selectors": "received TS_UNACCEPTABLE notify, no CHILD_SA built",
  "other selectors": "no acceptable traffic selectors found",
};

/** The configuration of a child as the peer accepts it. */
export function accepted(behaviour: Behaviour, config: Message): Message {
  if (behaviour === "narrows") return narrowed(config);
  return behaviour === "one network" ? { ...narrowed(config), remote_ts: [onlyNetwork] } : config;
}

function narrowed(config: Message): Message {
  const one = (name: string) => ({ [name]: (config[name] as string[] | undefined)?.slice(0, 1) });
  return { ...config, ...one("local_ts"), ...one("remote_ts") } as Message;
}
