import type { CharonOption } from "./charon-option.ts";
import { integer } from "./number-kinds.ts";
import { authentication, certificate, text } from "./text-kinds.ts";
import { always, oneOf } from "./value-kind.ts";

/**
 * The options of the sections `local` and `remote`, which ipman sets itself. Source: strongSwan
 * 5.9.8 to 6.0.6, src/libcharon/plugins/vici/vici_config.c, `auth_kv` and `auth_li`.
 */
export const authenticationOptions: Readonly<Record<string, CharonOption>> = {
  auth: { kind: authentication },
  id: { kind: text },
  ca_id: { kind: text },
  aaa_id: { kind: text },
  eap_id: { kind: text },
  xauth_id: { kind: text },
  revocation: { kind: oneOf(always("strict", "ifuri", "relaxed")) },
  round: { kind: integer },
  groups: { kind: text, list: true },
  cert_policy: { kind: text, list: true },
  certs: { kind: certificate, list: true },
  cacerts: { kind: certificate, list: true },
  pubkeys: { kind: certificate, list: true },
};
