const deferral = /^no route found to reach peer, /;
const change = /^(?:(?:updated|replaced|removed) vici connection: |unloaded shared key with id ')/;

const lifetime =
  /^received AUTH_LIFETIME of (\d+)s, (?:starting reauthentication|scheduling reauthentication in (\d+)s)$/;

/** A reauthentication within this time after the last one is hasty; seconds. */
const hastySeconds = 10;

/** Whether a log line says that an IKE SA waits for a path to its peer; charon has no such event. */
export function isDeferral(text: string): boolean {
  return deferral.test(text);
}

/** Whether a log line says that a client replaced or removed a connection or a key. */
export function isConfigurationChange(text: string): boolean {
  return change.test(text);
}

/**
 * The lifetime of the authentication that a peer announces (RFC 4478), in seconds, if a log line says
 * that charon therefore reauthenticates an IKE SA at once or almost so. charon begins `over_time`
 * before the end, and repeats that with the next IKE SA.
 *
 * Source: strongSwan, src/libcharon/sa/ike_sa.c (set_auth_lifetime).
 */
export function hastyLifetime(text: string): number | undefined {
  const [, announced, left = "0"] = lifetime.exec(text) ?? [];
  return announced === undefined || Number(left) >= hastySeconds ? undefined : Number(announced);
}
