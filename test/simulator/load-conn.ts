import type { Message } from "vici-client";
import { proposalProblem } from "../../src/model/api/proposal.ts";

/**
 * The options of a connection. Source: swanctl.conf(5), `connections.<conn>`. Sections that begin
 * with `local` and `remote` may have any suffix.
 */
const connectionOptions = new Set(
  `version local_addrs remote_addrs local_port remote_port proposals vips aggressive pull dscp
  encap mobike dpd_delay dpd_timeout fragmentation childless send_certreq send_cert ppk_id
  ppk_required keyingtries unique reauth_time rekey_time over_time rand_time pools if_id_in
  if_id_out mediation mediated_by mediation_peer children`.split(/\s+/),
);

/** Source: swanctl.conf(5), `connections.<conn>.children.<child>`. */
const childOptions = new Set(
  `ah_proposals esp_proposals sha256_96 local_ts remote_ts rekey_time life_time rand_time
  rekey_bytes life_bytes rand_bytes rekey_packets life_packets rand_packets updown hostaccess
  mode policies policies_fwd_out dpd_action ipcomp inactivity reqid priority interface mark_in
  mark_in_sa mark_out set_mark_in set_mark_out if_id_in if_id_out label label_mode tfc_padding
  replay_window hw_offload copy_df copy_ecn copy_dscp start_action close_action`.split(/\s+/),
);

/** Why charon would reject a connection; undefined if it would accept it. */
export function rejection(connection: Message): string | undefined {
  const children = Object.values((connection["children"] ?? {}) as Record<string, Message>);
  const options = Object.keys(connection).filter((name) => !/^(local|remote)/.test(name));
  const unknown =
    options.find((name) => !connectionOptions.has(name)) ??
    children.flatMap(Object.keys).find((name) => !childOptions.has(name));
  if (unknown !== undefined) return `unknown option: ${unknown}, config discarded`;
  if (isBad(connection["proposals"], "ike"))
    return "invalid value for: proposals, config discarded";
  if (children.some((child) => isBad(child["esp_proposals"], "esp"))) {
    return "invalid value for: esp_proposals, config discarded";
  }
  return undefined;
}

function isBad(proposals: unknown, protocol: "ike" | "esp"): boolean {
  if (!Array.isArray(proposals)) return false;
  return proposals.some((text: string) => proposalProblem(protocol, text) !== undefined);
}
