import type { Message } from "vici-client";

/** How the peer reacts to the request of an SA. */
export type Behaviour =
  | "answers"
  | "silent"
  | "wrong key"
  /** It refuses an IKE SA without a CHILD SA. */
  | "needs children"
  | "no IKE proposal"
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
  | "closes"
  /** It accepts the CHILD SA, which our kernel does not install. */
  | "kernel refuses";

/** The network of a peer that has only one. */
export const onlyNetwork = "10.1.2.0/24";

/** How charon reports that the peer refuses the IKE SA: the type of the alert, and the notify. */
export const refusals: Partial<Record<Behaviour, readonly [alert: string, notify: string]>> = {
  "wrong key": ["local-auth-failed", "AUTHENTICATION_FAILED"],
  "needs children": ["local-auth-failed", "INVALID_SYNTAX"],
  "no IKE proposal": ["proposal-mismatch-ike", "NO_PROPOSAL_CHOSEN"],
};

/** How charon reports that a CHILD SA failed: in its log, and by an alert for some causes. */
interface ChildFailure {
  readonly line: string;
  readonly alert?: string;
}

/** The failure of a CHILD SA; undefined if the peer accepts a part or all of it. */
export function childFailure(behaviour: Behaviour, config: Message): ChildFailure | undefined {
  const networks = (name: string) => (config[name] as string[] | undefined) ?? [];
  const [local, remote] = [networks("local_ts"), networks("remote_ts")];
  if (behaviour === "requires pairs" && local.length + remote.length > 2)
    return { line: "received SINGLE_PAIR_REQUIRED notify, no CHILD_SA built" };
  if (behaviour === "one network" && !remote.includes(onlyNetwork))
    return childFailures["no selectors"];
  return childFailures[behaviour];
}

const childFailures: Partial<Record<Behaviour, ChildFailure>> = {
  "no ESP proposal": {
    line: "received NO_PROPOSAL_CHOSEN notify, no CHILD_SA built",
    alert: "proposal-mismatch-child",
  },
  "no selectors": {
    line: "received TS_UNACCEPTABLE notify, no CHILD_SA built",
    alert: "ts-mismatch",
  },
  "other selectors": {
    line: "no acceptable traffic selectors found",
    alert: "ts-mismatch",
  },
  "kernel refuses": {
    line: "unable to install inbound and outbound IPsec SA (SAD) in kernel",
    alert: "install-child-sa-failed",
  },
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
