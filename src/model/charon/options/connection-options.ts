import type { CharonOption } from "./charon-option.ts";
import { codePoint, duration, integer } from "./number-kinds.ts";
import { address, ikeProposals, interfaceId, text } from "./text-kinds.ts";
import { always, flag, isTrue, oneOf } from "./value-kind.ts";

const byIfId = "ipman sets this itself: use the child's if_id";
const byAddress = "ipman sets this itself: use localAddr and remoteAddr";
const noMediation = "ipman does not support mediation: remove it";
const noPpk = "ipman does not support postquantum pre-shared keys (PPK) yet: remove it";

const ikeV1Only = "for IKEv1, without effect";
const warnsIfSet = (value: string) =>
  isTrue(value) ? "is for IKEv1: it has no effect, so remove it" : undefined;

/**
 * The options of a connection. Source: strongSwan 5.9.8 to 6.0.6,
 * src/libcharon/plugins/vici/vici_config.c, `peer_kv` and `peer_li`.
 */
export const connectionOptions: Readonly<Record<string, CharonOption>> = {
  version: {
    kind: integer,
    limit: {
      to: "`2`",
      objection: (v) =>
        v === "2" ? undefined : `"${v}" is not allowed: use 2, since ipman supports IKEv2 only`,
    },
  },
  proposals: { kind: ikeProposals, list: true },
  local_addrs: { kind: text, list: true, refused: byAddress },
  remote_addrs: { kind: text, list: true, refused: byAddress },
  local_port: {
    kind: integer,
    limit: {
      to: "`500`, `4500`",
      objection: (v) =>
        v === "500" || v === "4500"
          ? undefined
          : `"${v}" is not a port that charon sends from: remove it; charon uses 500 and 4500`,
    },
  },
  remote_port: { kind: integer, limit: { to: "1 to 65535", objection: portObjection } },
  rekey_time: { kind: duration },
  reauth_time: { kind: duration },
  over_time: { kind: duration },
  rand_time: { kind: duration },
  dpd_delay: { kind: duration },
  dpd_timeout: {
    kind: duration,
    remark: ikeV1Only,
    warning: () =>
      "is for IKEv1: it has no effect; charon gives up on a peer after its retransmissions, within about three minutes",
  },
  keyingtries: { kind: integer, limit: { to: "number from 1", objection: triesObjection } },
  unique: { kind: oneOf(always("no", "never", "keep", "replace")) },
  encap: { kind: flag },
  mobike: { kind: flag },
  fragmentation: { kind: oneOf(always("yes", "accept", "force", "no")) },
  childless: {
    kind: oneOf({ ...always("allow", "force", "never"), prefer: { since: "5.9.10" } }),
  },
  dscp: { kind: codePoint },
  send_certreq: { kind: flag },
  send_cert: { kind: oneOf(always("always", "never", "ifasked")) },
  ocsp: {
    kind: oneOf(always("reply", "request", "both", "never")),
    versions: { since: "5.9.14" },
  },
  aggressive: { kind: flag, remark: ikeV1Only, warning: warnsIfSet },
  pull: {
    kind: flag,
    remark: ikeV1Only,
    warning: (v) => (isTrue(v) ? undefined : "is for IKEv1: it has no effect, so remove it"),
  },
  vips: {
    kind: address,
    list: true,
    refused:
      "requests an address from the peer, which ipman would not use: remove it; ip_pools has the addresses of workloads",
  },
  pools: {
    kind: text,
    list: true,
    refused:
      "assigns addresses to the peer from pools that ipman does not load: remove it; ipman joins sites, not road warriors",
  },
  ppk_id: { kind: text, refused: noPpk },
  ppk_required: {
    kind: flag,
    limit: { to: "`no`", objection: (v) => (isTrue(v) ? noPpk : undefined) },
  },
  if_id_in: { kind: interfaceId, refused: byIfId },
  if_id_out: { kind: interfaceId, refused: byIfId },
  mediation: { kind: flag, dependsOnBuild: true, refused: noMediation },
  mediated_by: { kind: text, dependsOnBuild: true, refused: noMediation },
  mediation_peer: { kind: text, dependsOnBuild: true, refused: noMediation },
};

/** The sections of a connection, which are not options. */
export const connectionSections: Readonly<Record<string, string>> = {
  children: "ipman sets this itself: use spec.children",
  local: "ipman sets this itself: use localId and secretRef",
  remote: "ipman sets this itself: use remoteId and secretRef",
};

function portObjection(value: string): string | undefined {
  const number = Number(value);
  if (/^\d+$/.test(value) && number >= 1 && number <= 65_535) return undefined;
  return `"${value}" is not a port: use 1 to 65535`;
}

function triesObjection(value: string): string | undefined {
  if (value !== "0" && value !== "%forever") return undefined;
  return `"${value}" would keep charon from reporting that the peer does not answer: remove it; ipman tries again for ever`;
}
