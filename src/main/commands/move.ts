import { defineCommand } from "../options/command.ts";
import { connection, path, stateFolder } from "../options/common.ts";
import { requestForChildren } from "./request.ts";

/** The help text of `move`, here and in `kubectl ipman`. */
export const moveHelp = {
  details: `Moves the traffic of a connection to another of its paths: that path is brought up beside the
active one, takes over once it is up, and the former path then ends its SAs. If it does not come up,
the active path stays. Without a path, the next one in the order of the manifest is chosen.`,
  notes: "Exit status: 0 if the path is active, 1 if it is not.",
};

export const command = defineCommand({
  ...moveHelp,
  arguments: { connection, path },
  options: { state: stateFolder },
  run: ({ connection, path, state }) =>
    requestForChildren(state, { op: "move", connection, ...(path !== undefined && { path }) }),
});
