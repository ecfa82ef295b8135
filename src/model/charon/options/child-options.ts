import { action } from "./action.ts";
import type { CharonOption } from "./charon-option.ts";
import { bytes, count, duration, integer, padding } from "./number-kinds.ts";
import {
  ahProposals,
  espProposals,
  interfaceId,
  label,
  mark,
  newMark,
  selector,
  text,
} from "./text-kinds.ts";
import { always, flag, isTrue, oneOf } from "./value-kind.ts";

const byIfId = "ipman sets this itself: use the child's if_id";
const bySelectors = "ipman sets this itself: use local_ips and remote_ips";
const noMark =
  "makes the kernel look for packets with a mark, which those of a gateway do not have: remove it; if_id separates the tunnels";
const noNewMark =
  "marks packets for VTI devices and routing rules, which a gateway does not have: remove it; if_id separates the tunnels";
const noPerCpuSas =
  "creates several CHILD SAs, which ipman would take for duplicates, and which need traps at both ends: remove it";

/**
 * The options of a child. Source: strongSwan 5.9.8 to 6.0.6,
 * src/libcharon/plugins/vici/vici_config.c, `child_kv` and `child_li`.
 */
export const childOptions: Readonly<Record<string, CharonOption>> = {
  esp_proposals: { kind: espProposals, list: true },
  ah_proposals: {
    kind: ahProposals,
    list: true,
    refused: "AH does not encrypt: use esp_proposals",
  },
  local_ts: { kind: selector, list: true, refused: bySelectors },
  remote_ts: { kind: selector, list: true, refused: bySelectors },
  rekey_time: { kind: duration },
  life_time: { kind: duration },
  rand_time: { kind: duration },
  rekey_bytes: { kind: bytes },
  life_bytes: { kind: bytes },
  rand_bytes: { kind: bytes },
  rekey_packets: { kind: count },
  life_packets: { kind: count },
  rand_packets: { kind: count },
  inactivity: { kind: duration },
  start_action: {
    kind: action,
    handled:
      "with `start` (the default), ipman initiates the child and keeps it up; `trap` loads a trap policy, and traffic initiates; with `none`, the peer does",
  },
  dpd_action: {
    kind: action,
    handled: "a child with `start_action: start` is initiated again, whatever the action is",
  },
  close_action: { kind: action, handled: "as `dpd_action`" },
  mode: {
    kind: oneOf({
      ...always("tunnel", "transport", "transport_proxy", "beet", "drop", "pass"),
      iptfs: { since: "6.0.2" },
    }),
    limit: {
      to: "`tunnel`",
      objection: (v) =>
        v.toLowerCase() === "tunnel"
          ? undefined
          : `"${v}" is not allowed: use tunnel, since gateways forward packets of other hosts`,
    },
    handled: "always `tunnel`",
  },
  sha256_96: { kind: flag },
  ipcomp: { kind: flag },
  policies: {
    kind: flag,
    limit: {
      to: "`yes`",
      objection: (v) =>
        isTrue(v) ? undefined : `"${v}" is not allowed: use yes, since the kernel needs policies`,
    },
  },
  policies_fwd_out: { kind: flag },
  replay_window: { kind: integer },
  tfc_padding: { kind: padding },
  hw_offload: {
    kind: oneOf({
      ...always("no", "yes", "auto"),
      crypto: { since: "5.9.10" },
      packet: { since: "5.9.10" },
    }),
  },
  copy_df: { kind: flag },
  copy_ecn: { kind: flag },
  copy_dscp: { kind: oneOf(always("out", "in", "yes", "no")) },
  icmp: { kind: flag, versions: { since: "6.0.5" } },
  per_cpu_sas: {
    kind: oneOf(always("yes", "no", "encap", "true", "false", "enabled", "disabled", "1", "0"), [
      "no",
    ]),
    versions: { since: "6.0.2" },
    limit: {
      to: "`no`",
      objection: (v) => (isTrue(v) || v.toLowerCase() === "encap" ? noPerCpuSas : undefined),
    },
  },
  priority: { kind: integer },
  label: { kind: label },
  label_mode: { kind: oneOf(always("system", "simple")) },
  updown: { kind: text, refused: "ipman configures the gateway without scripts: remove it" },
  hostaccess: {
    kind: flag,
    remark: "for updown scripts, without effect",
    warning: (v) => (isTrue(v) ? "is for updown scripts: it has no effect" : undefined),
  },
  interface: {
    kind: text,
    refused:
      "restricts policies to a device of charon's network, which a gateway does not have: remove it; if_id binds them to the gateway",
  },
  reqid: {
    kind: integer,
    refused:
      "charon chooses it, since two children with the same reqid would share traffic: remove it",
  },
  if_id_in: { kind: interfaceId, refused: byIfId },
  if_id_out: { kind: interfaceId, refused: byIfId },
  mark_in: { kind: mark, refused: noMark },
  mark_in_sa: { kind: flag, refused: noMark },
  mark_out: { kind: mark, refused: noMark },
  set_mark_in: { kind: newMark, refused: noNewMark },
  set_mark_out: { kind: newMark, refused: noNewMark },
};
