import { suiteOfSa } from "../../model/network/mtu.ts";
import type { Child } from "../../model/api/connection.ts";
import { failure, Reason, type Failure } from "../../model/status/failure.ts";
import type { ChildSa, IkeSa } from "../../model/charon/sa.ts";
import { childSaDifference, isOfEarlierSpec } from "../../model/charon/sa-drift.ts";
import { isRepairable } from "../common/differences.ts";
import { childKeyOf, type SelectorSet } from "../../model/api/selector-sets.ts";
import { parseAction } from "../../model/charon/options/action.ts";
import { own } from "../../model/value/own.ts";
import { formatPrefix } from "../../model/net/prefix.ts";
import type { ChildContext } from "./child-types.ts";
import type { Tunnel } from "../gateway/gateway-types.ts";

/** The child's CHILD SAs in a list, whatever their state. */
export function ownSas(ikeSas: readonly IkeSa[], { key }: Child): ChildSa[] {
  return ikeSas.flatMap(({ children }) => children).filter(({ name }) => childKeyOf(name) === key);
}

/** The selector sets without an installed CHILD SA. */
export function missingSets({ sas, child }: ChildContext): readonly SelectorSet[] {
  return child.selectorSets.filter(({ name }) => sas.every((sa) => sa.name !== name));
}

/** A failure that names the pairs of networks without a CHILD SA, if others have one. */
export function ofMissing(known: Failure, context: ChildContext): Failure {
  const missing = missingSets(context);
  if (missing.length === context.child.selectorSets.length) return known;
  const shown = missing.slice(0, mostShown).map(pairText);
  const more = missing.length > mostShown ? ` and ${missing.length - mostShown} more` : "";
  return failure(known.reason, `${shown.join(", ")}${more}: ${known.message}`);
}

const mostShown = 3;

function pairText({ local, remote }: SelectorSet): string {
  return `${local.map(formatPrefix).join()} to ${remote.map(formatPrefix).join()}`;
}

/** The first difference between the child's SAs and the manifest, in words. */
export function differenceOf({ sas, child }: ChildContext): string | undefined {
  return sas.map((sa) => childSaDifference(sa, child)).find((found) => found !== undefined);
}

/** Whether an SA of an earlier declaration has to be replaced before others are negotiated. */
export function isToReplace(context: ChildContext): boolean {
  const { sas, child, loaded } = context;
  if (!loaded || !sas.some((sa) => isOfEarlierSpec(sa, child))) return false;
  return isRepairable(differenceOf(context), context);
}

/** The unique ids of the SAs that differ from the manifest, or else of all. */
export function differingSas({ sas, child }: ChildContext): string[] {
  const differing = sas.filter((sa) => childSaDifference(sa, child) !== undefined);
  return (differing.length > 0 ? differing : sas).map(({ uniqueId }) => uniqueId);
}

const needsAddress = failure(
  Reason.AwaitingPeer,
  "remoteAddr is not a single host, so the peer has to bring up the tunnel",
);
const needsPeer = failure(
  Reason.AwaitingPeer,
  "start_action is none, so the peer has to bring up the tunnel",
);
const needsTraffic = failure(
  Reason.AwaitingPeer,
  "start_action is trap, so traffic or the peer has to bring up the tunnel",
);

/** Why a child that does not initiate has no SA; undefined for one that waits to take over. */
export function awaitingPeer({ extra, standsBy }: Child): Failure | undefined {
  if (standsBy === true) return undefined;
  const action = parseAction(own(extra, "start_action") ?? "start");
  if (action?.start === true) return needsAddress;
  return action?.trap === true ? needsTraffic : needsPeer;
}

/** The parameters of a CHILD SA that decide packet sizes; undefined before it is installed. */
export function tunnelOf(sa: ChildSa): Tunnel | undefined {
  if (sa.encryption === undefined) return undefined;
  const { encryption, integrity, encapsulated, remoteHost } = sa;
  return { suite: suiteOfSa(encryption, integrity), encapsulated, remoteHost };
}

/** True while charon works on an IKE SA of the connection, or on this child. */
export function isBusy(ikeSas: readonly IkeSa[], own: readonly ChildSa[]): boolean {
  const working = new Set(["CREATED", "INSTALLING", "RETRYING"]);
  if (own.some((sa) => working.has(sa.state))) return true;
  return ikeSas.some(
    (sa) =>
      sa.state === "CONNECTING" ||
      sa.state === "CREATED" ||
      sa.tasks.some((task) => /CHILD_CREATE|IKE_(INIT|AUTH)/.test(task)),
  );
}
