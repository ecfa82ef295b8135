import { program as kubectlIpman } from "../src/main/kubectl/main.ts";
import { program as ipman } from "../src/main/ipman.ts";
import type { Command, Program } from "../src/main/options/command.ts";
import type { OptionTable } from "../src/main/options/option.ts";

/** docs/commands.md: every command with its arguments and options, as in the help. */
export async function commandsReference(): Promise<string> {
  const sections = [ipman, kubectlIpman].map(sectionsOf);
  return `# Commands

\`ipman help COMMAND\` and \`kubectl ipman help COMMAND\` print the same in a terminal. The exit status is
0 for success, 1 for a failure, and 2 for a command line that is wrong; commands that report a state
say below what 0 and 1 mean.

${(await Promise.all(sections)).join("\n")}`;
}

async function sectionsOf({ name, title, commands, globals }: Program): Promise<string> {
  const sections = Object.entries(commands).map(async ([command, { summary, load }]) =>
    section(`${name} ${command}`, summary, await load()),
  );
  const all = Object.keys(globals).length === 0 ? "" : `\n${optionTable(globals)}\n`;
  return `## ${name}\n\n${title}\n${all}\n${(await Promise.all(sections)).join("\n")}`;
}

function section(name: string, summary: string, command: Command): string {
  const words = Object.values(command.arguments).map(({ usage }) => usage);
  const title = `${summary.slice(0, 1).toUpperCase()}${summary.slice(1)}.`;
  const parts = [
    `### ${name}`,
    `\`${[name, "[options]", ...words].join(" ")}\``,
    title,
    text(command.details),
    argumentTable(command),
    optionTable(command.options),
    command.notes === undefined ? "" : text(command.notes),
  ];
  return `${parts.filter(Boolean).join("\n\n")}\n`;
}

/** A help text, whose indented lines are code. */
function text(help: string): string {
  return help
    .replaceAll("*", String.raw`\*`)
    .replaceAll(/\n+((?:^ {2}.*(?:\n|$))+)/gm, (_, code) => {
      const lines = String(code).trimEnd().replaceAll(/^ {2}/gm, "");
      return `\n\n\`\`\`\n${lines}\n\`\`\`\n`;
    })
    .trimEnd();
}

function argumentTable({ arguments: table }: Command): string {
  const rows = Object.values(table).map(({ usage, help }) => `| \`${usage}\` | ${cell(help)} |`);
  return rows.length === 0 ? "" : ["| argument | meaning |", "|---|---|", ...rows].join("\n");
}

function optionTable(table: OptionTable): string {
  const rows = Object.values(table).map(({ flags, help, fallback, required }) => {
    const value = Array.isArray(fallback) ? fallback.join(",") : fallback;
    const isShown = typeof value === "string" || typeof value === "number";
    const shown = isShown && value !== "" ? `\`${value}\`` : "";
    return `| \`${flags}\` | ${cell(help)} | ${required === true ? "required" : shown} |`;
  });
  if (rows.length === 0) return "";
  return ["| option | meaning | default |", "|---|---|---|", ...rows].join("\n");
}

function cell(help: string): string {
  return help.replaceAll(/[|*]/g, String.raw`\$&`);
}
