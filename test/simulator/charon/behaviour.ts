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
  /** It ends each CHILD SA soon after its installation. */
  | "closes";

/** The log line about a refused CHILD SA, by the behaviour of the peer. */
export const childRefusals: Partial<Record<Behaviour, string>> = {
  "no ESP proposal": "received NO_PROPOSAL_CHOSEN notify, no CHILD_SA built",
  "no selectors": "received TS_UNACCEPTABLE notify, no CHILD_SA built",
  "other selectors": "no acceptable traffic selectors found",
};

/** The configuration of a child of which the peer accepts the first pair of networks. */
export function narrowed(config: Message): Message {
  const one = (name: string) => ({ [name]: (config[name] as string[] | undefined)?.slice(0, 1) });
  return { ...config, ...one("local_ts"), ...one("remote_ts") } as Message;
}
