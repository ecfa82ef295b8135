import { Reason } from "./failure.ts";

/** What a reason means, and what to do; docs/reasons.md is made of it. */
export interface Advice {
  readonly means: string;
  readonly todo: string;
}

/** For every reason, in the order of cause and effect. */
export const advice: Readonly<Record<Reason, Advice>> = {
  [Reason.SpecInvalid]: {
    means: "the document has problems; the last good version goes on",
    todo: "`ipman validate FILE`",
  },
  [Reason.InProgress]: {
    means: "it is being worked at; the other conditions say what has come so far",
    todo: "wait",
  },
  [Reason.GroupMissing]: {
    means: "the CharonGroup that the connection names is not there",
    todo: "create it, or change `groupRef`",
  },
  [Reason.NodeOccupied]: {
    means:
      "the node's network has another group's charon, which was declared first; a second one could not bind UDP 500 and 4500",
    todo: "what the message says: `groupRef`, `hostNetwork: false` or another node",
  },
  [Reason.PodsUnavailable]: {
    means: "the pod of charon, or of its agent, does not run; the message has the cluster's words",
    todo: "what they say: most often the node or an image",
  },
  [Reason.AgentSilent]: {
    means: "no agent has told how the connection is, or none has for 30 seconds",
    todo: "see `Placed`; tunnels that were up go on without an agent",
  },
  [Reason.SecretMissing]: {
    means: "the Secret, or its key, is not there; charon loses a key that it had from it",
    todo: "create it; SAs that are up go on meanwhile",
  },
  [Reason.SecretInvalid]: {
    means: "the value in the Secret is not a key; the message says why, and nothing of the value",
    todo: "correct the value; SAs that are up go on",
  },
  [Reason.SecretConflict]: {
    means:
      "another connection of the same charon has another pre-shared key, and by their identities charon could take one for the other; the connection that had its key first keeps it",
    todo: "use one key for both, or identities that do not overlap; SAs that are up go on",
  },
  [Reason.SecretUnreadable]: {
    means:
      "the Secret cannot be read; in a cluster, most often since its namespace is not among the chart's `secretNamespaces`",
    todo: "give ipman the right to; what was read before goes on",
  },
  [Reason.SecretNotPermitted]: {
    means:
      "where the chart's `requireSecretConsent` is true: the Secret does not permit the connection to use its keys, or is not there; which of the two, its own author knows",
    todo: "have the Secret's author add the connection to its annotation `ipman.dialo.ai/keyFor`; SAs that are up go on",
  },
  [Reason.CharonUnavailable]: {
    means: "charon does not answer on its VICI socket",
    todo: "is it running? does `--vici` name its socket?",
  },
  [Reason.GatewayNotReady]: {
    means: "the gateway's namespace or devices are not in place",
    todo: "the child's own message says which",
  },
  [Reason.ConfigRejected]: {
    means: "charon refused the configuration; the message has its words",
    todo: "correct `extra`",
  },
  [Reason.AuthenticationFailed]: {
    means: "peer and we do not accept each other's identity or key",
    todo: "compare the pre-shared key, `localId`, `remoteId` on both sides",
  },
  [Reason.NoProposalChosen]: {
    means: "no common IKE or ESP proposal",
    todo: "compare `proposals` (IKE), `esp_proposals` (child) on both sides",
  },
  [Reason.TrafficSelectorsRefused]: {
    means: "the peer does not accept the networks",
    todo: "compare `local_ips` and `remote_ips` with the peer's, mirrored",
  },
  [Reason.PeerRefused]: {
    means: "the peer takes no further children",
    todo: "ask the peer's side for its limit",
  },
  [Reason.PeerUnreachable]: {
    means: "the peer does not answer",
    todo: "its address; UDP 500 and 4500 both ways; `ipman diagnose` tells which",
  },
  [Reason.PeerClosed]: {
    means: "the SA was ended by the peer or by hand; it is brought up again",
    todo: "nothing, unless it recurs",
  },
  [Reason.NegotiationFailed]: {
    means: "no SA came about, and nobody said why",
    todo: "charon's log, `ipman run --log debug`",
  },
  [Reason.SaDiffers]: {
    means:
      "an SA carries traffic and is not what is declared, in identities or networks; it was replaced once, and the new one came out the same, so it is kept",
    todo: "the message has both sides: declare what the peer gives, or have the peer's side corrected, then `ipman restart CONNECTION`. A peer that takes one pair of networks for each child needs a child for each pair",
  },
  [Reason.LoopDetected]: {
    means:
      "one state was entered more than 8 times without 5 quiet minutes in between; attempts wait up to 2 minutes now",
    todo: "the message names the state and the cause: a peer that closes what it accepts, a second program that changes the same gateway or object, a charon that restarts. Remove it; 5 quiet minutes, a change of the spec or `ipman restart CONNECTION` end the waiting",
  },
  [Reason.RekeyOverdue]: {
    means: "a rekey did not come to an end; the child is brought up anew",
    todo: "nothing, unless it recurs",
  },
  [Reason.ProbeUnanswered]: {
    means: "who is to answer behind the peer does not; the tunnel may be up nonetheless",
    todo: "`ipman diagnose` tells how far packets come",
  },
  [Reason.NetworkRejected]: {
    means: "the kernel refused a link, an address, a route or an entry",
    todo: "the message has the kernel's words",
  },
  [Reason.PacketFilterUnavailable]: {
    means:
      "libnftables, or a part of the kernel's nf_tables, is missing: there is no packet filter, so gateways and workers carry nothing",
    todo: "install what the message names; attempts go on",
  },
  [Reason.Internal]: { means: "a defect in ipman", todo: "report it" },
};
