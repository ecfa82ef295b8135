import { defineCommand } from "../options/command.ts";
import { connection, stateFolder } from "../options/common.ts";
import { requestForChildren } from "./request.ts";

/** The help text of `restart`, here and in `kubectl ipman`. */
export const restartHelp = {
  details: `Loads the connection and its secret into charon again, ends its IKE SAs and negotiates everything
again, including what the peer refused and ipman would not retry soon. The connection's traffic is
interrupted meanwhile; workloads stay attached.`,
  notes: "Exit status: 0 if every child carries traffic again, 1 if one does not.",
};

export const command = defineCommand({
  ...restartHelp,
  arguments: { connection },
  options: { state: stateFolder },
  run: ({ connection, state }) => requestForChildren(state, { op: "restart", connection }),
});
