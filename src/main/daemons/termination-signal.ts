/** Waits for SIGTERM or SIGINT; resolves with its name. */
export function terminationSignal(): Promise<string> {
  const received = Promise.withResolvers<string>();
  process.once("SIGTERM", received.resolve);
  process.once("SIGINT", received.resolve);
  return received.promise;
}
