import { readManifest } from "../../adapters/manifests/read.ts";
import { printable } from "../../model/text/printable.ts";
import { desiredState, nothingDesired } from "../../runtime/desired/desired-state.ts";
import { UsageError, type Command } from "../options/command.ts";

export const command: Command = {
  name: "validate",
  summary: "check manifests",
  help: `usage: ipman validate FILE…

Checks the documents of all files together, as "ipman run" and the operator would, and
prints every problem as FILE:PATH: MESSAGE.

exit status: 0 when there is none, 1 otherwise
`,
  takes: "files",
  options: {},
  run: async (_, files) => {
    if (files.length === 0) throw new UsageError("name the files to check");
    const read = files.map((file) => readManifest(file));
    const snapshot = {
      resources: read.flatMap(({ resources }) => resources),
      problems: read.flatMap(({ problems }) => problems),
    };
    const problems = [...desiredState(nothingDesired, snapshot).problems.values()].flat();
    for (const { source, path, message } of problems) {
      process.stdout.write(`${printable(`${source}:${path}: ${message}`)}\n`);
    }
    return problems.length === 0 ? 0 : 1;
  },
};
