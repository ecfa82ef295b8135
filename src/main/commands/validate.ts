import { printable } from "../../model/text/printable.ts";
import { defineCommand } from "../options/command.ts";
import { argumentList, choice } from "../options/kinds.ts";
import { checkManifests, problemLine, summaryLine } from "../validate/check-manifests.ts";
import { readInputs } from "../validate/read-inputs.ts";

export const command = defineCommand({
  details: `Checks all manifests together, as "ipman run" and the operator do, and prints every problem as
FILE:LINE:COLUMN: FIELD: MESSAGE, and then a summary. A Secret among the manifests must have the keys
that connections name. Warnings are about declarations that are legal and likely a mistake.`,
  arguments: {
    files: argumentList(
      "file",
      "files, folders with *.yaml and *.yml, or - for standard input",
      "files",
    ),
  },
  options: { output: choice("-o, --output <format>", "format", ["text", "json"], "text") },
  notes: "Exit status: 0 if there is no problem, 1 if there is one or a file cannot be read.",
  run: async ({ files, output }) => {
    const report = checkManifests(await readInputs(files));
    if (output === "json") process.stdout.write(`${JSON.stringify(report)}\n`);
    else {
      const lines = [
        ...report.problems.map((problem) => problemLine(problem)),
        ...report.warnings.map((warning) => problemLine(warning, "warning")),
        summaryLine(report),
      ];
      process.stdout.write(lines.map((line) => `${printable(line)}\n`).join(""));
    }
    return report.valid ? 0 : 1;
  },
});
