import { defineCommand } from "../options/command.ts";
import { child, connection, stateFolder } from "../options/common.ts";
import { requestForChildren } from "./request.ts";

/** The help text of `rekey`, here and in `kubectl ipman`. */
export const rekeyHelp = {
  details: `Traffic continues. A peer that would refuse the next scheduled rekey, because its proposals have
another key exchange group (PFS), refuses now.`,
  notes: "Exit status: 0 if every CHILD SA was replaced, 1 if one was not.",
};

export const command = defineCommand({
  ...rekeyHelp,
  arguments: { connection, child },
  options: { state: stateFolder },
  run: ({ connection, child, state }) =>
    requestForChildren(state, {
      op: "rekey",
      connection,
      ...(child !== undefined && { child }),
    }),
});
