import { own } from "../../value/own.ts";
import { valuesOf, type CharonOption } from "./charon-option.ts";
import { childOptions } from "./child-options.ts";
import { connectionOptions } from "./connection-options.ts";

/** An option of ipsec.conf, which strongSwan's older programs and libreswan read. */
interface ForeignOption {
  /** A value that users write. */
  readonly example: string;
  /** The remedy for a value. */
  readonly remedy: (value: string) => string;
}

const whole = (text: string) => () => text;
const words =
  (translations: Readonly<Record<string, string>>, write: (value: string) => string) =>
  (value: string) =>
    write(own(translations, value.toLowerCase()) ?? value);

const espProposals = (value: string) => inChild("esp_proposals", withoutStrictFlag(value));
const actions = { add: "none", ignore: "none", route: "trap", ondemand: "trap", hold: "trap" };
const byRekeyTime = whole("use rekey_time in the child's extra: the lifetime less this margin");
const onlyPsk = whole("remove it: both ends authenticate with the pre-shared key of secretRef");
const noEap = whole("remove it: ipman joins gateways, which do not log in as users");
const noIkeV1 = whole("remove it: ipman supports IKEv2 only");

/** The options of ipsec.conf that have another name in swanctl.conf, or none. */
export const ipsecConfOptions: Readonly<Record<string, ForeignOption>> = {
  ike: {
    example: "aes256-sha256-modp2048!",
    remedy: (v) => inConnection("proposals", withoutStrictFlag(v)),
  },
  esp: { example: "aes256gcm16-ecp256!", remedy: espProposals },
  phase2alg: { example: "aes256-sha256-modp2048", remedy: espProposals },
  ah: {
    example: "sha256",
    remedy: whole("use esp_proposals in the child's extra: AH does not encrypt"),
  },
  ikelifetime: { example: "8h", remedy: (v) => inConnection("rekey_time", v) },
  lifetime: { example: "1h", remedy: (v) => inChild("life_time", v) },
  keylife: { example: "1h", remedy: (v) => inChild("life_time", v) },
  salifetime: { example: "1h", remedy: (v) => inChild("life_time", v) },
  lifebytes: { example: "500000000", remedy: (v) => inChild("life_bytes", v) },
  lifepackets: { example: "1000000", remedy: (v) => inChild("life_packets", v) },
  margintime: { example: "9m", remedy: byRekeyTime },
  rekeymargin: { example: "9m", remedy: byRekeyTime },
  marginbytes: { example: "1000000", remedy: whole("use rekey_bytes in the child's extra") },
  marginpackets: { example: "1000", remedy: whole("use rekey_packets in the child's extra") },
  rekeyfuzz: { example: "100%", remedy: whole("use rand_time in the child's extra") },
  rekey: { example: "no", remedy: rekeyRemedy },
  reauth: {
    example: "no",
    remedy: (v) =>
      v === "no"
        ? "remove it: ipman does not reauthenticate unless reauth_time is set"
        : "use reauth_time in spec.extra, or remove it: reauthentication interrupts traffic",
  },
  dpddelay: { example: "30s", remedy: (v) => inConnection("dpd_delay", v) },
  dpdtimeout: {
    example: "150s",
    remedy: whole("remove it: with IKEv2, charon gives up on a peer after its retransmissions"),
  },
  dpdaction: { example: "hold", remedy: words(actions, (v) => inChild("dpd_action", v)) },
  closeaction: { example: "restart", remedy: words(actions, (v) => inChild("close_action", v)) },
  auto: { example: "route", remedy: words(actions, (v) => inChild("start_action", v)) },
  type: { example: "tunnel", remedy: whole("remove it: every child uses tunnel mode") },
  keyexchange: { example: "ikev2", remedy: noIkeV1 },
  ikev2: { example: "insist", remedy: noIkeV1 },
  modeconfig: { example: "push", remedy: noIkeV1 },
  xauth: { example: "client", remedy: noIkeV1 },
  xauth_identity: { example: "user", remedy: noIkeV1 },
  authby: { example: "secret", remedy: onlyPsk },
  eap_identity: { example: "%any", remedy: noEap },
  aaa_identity: { example: "radius", remedy: noEap },
  forceencaps: { example: "yes", remedy: (v) => inConnection("encap", v) },
  encapsulation: { example: "yes", remedy: (v) => inConnection("encap", v) },
  uniqueids: { example: "no", remedy: (v) => inConnection("unique", v) },
  ikedscp: { example: "101110", remedy: (v) => inConnection("dscp", v) },
  compress: { example: "yes", remedy: (v) => inChild("ipcomp", v) },
  tfc: { example: "%mtu", remedy: (v) => inChild("tfc_padding", v.replace("%mtu", "mtu")) },
  installpolicy: { example: "yes", remedy: whole("remove it: charon installs the policies") },
  mark: { example: "42", remedy: whole("remove it: if_id separates the tunnels") },
  pfs: {
    example: "yes",
    remedy: whole("use a group in esp_proposals, such as aes256-sha256-ecp256"),
  },
  pfsgroup: {
    example: "modp2048",
    remedy: (v) => `use the group in esp_proposals, such as aes256-sha256-${v}`,
  },
  narrowing: {
    example: "yes",
    remedy: whole("remove it: charon always accepts narrower networks"),
  },
  also: { example: "defaults", remedy: whole("copy the options: manifests do not include others") },
  left: { example: "192.0.2.1", remedy: whole("use spec.localAddr") },
  leftid: { example: "@vpn.example.org", remedy: whole("use spec.localId") },
  leftsubnet: { example: "10.0.2.0/24", remedy: whole("use the child's local_ips") },
  leftikeport: { example: "4500", remedy: (v) => inConnection("local_port", v) },
  right: { example: "192.0.2.7", remedy: whole("use spec.remoteAddr") },
  rightid: { example: "@vpn.partner.example", remedy: whole("use spec.remoteId") },
  rightsubnet: { example: "10.0.1.0/24", remedy: whole("use the child's remote_ips") },
  rightikeport: { example: "4500", remedy: (v) => inConnection("remote_port", v) },
};

/** Further options that begin with `left` or `right`, by their ends. */
const ends: Readonly<Record<string, string>> = {
  auth: "both ends authenticate with the pre-shared key of secretRef",
  cert: "both ends authenticate with the pre-shared key of secretRef",
  ca: "both ends authenticate with the pre-shared key of secretRef",
  sourceip: "ip_pools has the addresses of workloads",
  updown: "ipman configures the gateway without scripts",
  firewall: "ipman configures the packet filter of the gateway",
};

/** The remedy for an option of ipsec.conf; undefined for other names. */
export function ipsecConfRemedy(name: string, value: string): string | undefined {
  const option = own(ipsecConfOptions, name);
  if (option !== undefined) return option.remedy(value);
  const end = /^(?:left|right)([a-z0-9]+)$/.exec(name)?.[1];
  if (end === undefined) return undefined;
  const why = own(ends, end);
  return why === undefined
    ? "remove it: the manifest has both ends in its fields"
    : `remove it: ${why}`;
}

function inConnection(name: string, value: string): string {
  return `use ${written(connectionOptions, name, value)} in spec.extra`;
}

function inChild(name: string, value: string): string {
  return `use ${written(childOptions, name, value)} in the child's extra`;
}

/** The option with the value, if that is valid; else the option alone. */
function written(
  options: Readonly<Record<string, CharonOption>>,
  name: string,
  value: string,
): string {
  const option = own(options, name);
  const isValid =
    option !== undefined &&
    option.limit?.objection(value) === undefined &&
    valuesOf(option, value).every((item) => option.kind.problem(item) === undefined);
  return isValid ? `${name}: ${value}` : name;
}

function withoutStrictFlag(value: string): string {
  return value.replace(/!$/, "");
}

function rekeyRemedy(value: string): string {
  return value === "no"
    ? "use rekey_time: 0s in spec.extra and in the child's extra"
    : "remove it: charon rekeys unless rekey_time is 0s";
}
