const deferral = /^no route found to reach peer, /;
const change = /^(?:(?:updated|replaced|removed) vici connection: |unloaded shared key with id ')/;

/** Whether a log line says that an IKE SA waits for a path to its peer; charon has no such event. */
export function isDeferral(text: string): boolean {
  return deferral.test(text);
}

/** Whether a log line says that a client replaced or removed a connection or a key. */
export function isConfigurationChange(text: string): boolean {
  return change.test(text);
}
