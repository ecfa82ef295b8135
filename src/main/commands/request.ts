import { ask } from "../../adapters/control/client.ts";
import type { ControlRequest } from "../../adapters/control/protocol.ts";
import type { Outcome } from "../../runtime/connections/connection-commands.ts";
import { controlSocket } from "../options/defaults.ts";

/**
 * Sends a runtime a request about a connection, and prints the outcome for each child.
 *
 * @returns the exit status: 1 if the request failed for a child
 */
export async function requestForChildren(
  stateFolder: string,
  request: ControlRequest,
): Promise<number> {
  let status = 0;
  for await (const result of ask(controlSocket(stateFolder), request)) {
    const { connection, child, done, message } = result as Outcome;
    const subject = child === undefined ? connection : `${connection}/${child}`;
    process.stdout.write(`${subject} ${message}\n`);
    if (!done) status = 1;
  }
  return status;
}
