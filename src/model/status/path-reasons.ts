import type { ReasonEntry } from "./reason-entry.ts";

/** The reasons of connections with several paths. */
export const pathReasons = {
  StandbyDown: {
    explanation:
      "the connection has one path that works: each of the others that has to be up is down, and the loss of the active path would be an outage; the message has the reason of each",
    remedy:
      "see the reason in the message, and run `ipman diagnose CONNECTION`; if the partner's gateway is down on purpose, wait",
    retryable: true,
  },
  StandbyNotTested: {
    explanation:
      "the paths beside the active one are `cold`: whether they come up shows only when they are dialled",
    remedy:
      "`ipman move CONNECTION PATH` tests a path without a loss; with `standby: warm` ipman keeps its IKE SA up, which shows at any time whether it works",
    retryable: true,
  },
  PeerTakesLast: {
    explanation:
      "the peer sends its answers into the CHILD SA that was established last, as gateways with policies do, and a path was declared `standby: hot`: after each rekey of that path, answers came by it and the peer dropped what the active path carried. ipman rekeyed the active path, which brought the answers back, and keeps the hot standbys warm",
    remedy:
      "declare `standby: warm` for the path, or have the partner use an interface for each tunnel and route its answers; `ipman restart CONNECTION` has ipman try again",
    retryable: true,
  },
  PeerKeepsOne: {
    explanation:
      "the peer keeps one IKE SA for the identity of this side: twice within ten minutes it refused that of another path, or ended one when another came up. ipman keeps the standbys cold, so that no path takes the IKE SA of another one",
    remedy:
      "give each path a `localId` of its own, set `unique = never` in the connection of a strongSwan partner, or declare `standby: cold`; then run `ipman restart CONNECTION`. If the message names a path with another gateway, compare its key there as well",
    retryable: true,
  },
} as const satisfies Readonly<Record<string, ReasonEntry>>;
