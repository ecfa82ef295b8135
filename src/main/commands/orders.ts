import { ask } from "../../adapters/control/client.ts";
import type { ControlRequest } from "../../adapters/control/protocol.ts";
import type { Outcome } from "../../runtime/connections/connection-commands.ts";
import { textOption, type Values } from "../options/command.ts";
import { controlSocket, defaultStateFolder } from "../options/defaults.ts";

/** Gives an order to the runtime and prints what comes of it for each child; the exit status. */
export async function order(values: Values, request: ControlRequest): Promise<number> {
  const socket = controlSocket(textOption(values, "state", defaultStateFolder));
  let status = 0;
  for await (const result of ask(socket, request)) {
    const { connection, child, done, message } = result as Outcome;
    process.stdout.write(`${connection}/${child} ${message}\n`);
    if (!done) status = 1;
  }
  return status;
}
