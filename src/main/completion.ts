import { askOnce } from "../adapters/control/client.ts";
import { isObjectName } from "../model/api/names.ts";
import type { Status } from "../model/status/status.ts";
import { commands } from "./commands.ts";
import { UsageError, type Command } from "./options/command.ts";
import { controlSocket, defaultStateFolder } from "./options/defaults.ts";

export const command: Command = {
  name: "completion",
  summary: "print what a shell needs to complete these",
  help: `usage: ipman completion bash|zsh

Prints a script that lets the shell complete ipman's commands, their options, and the names
of the connections that run on this host:

  bash: ipman completion bash >/usr/share/bash-completion/completions/ipman
  zsh:  ipman completion zsh >/usr/share/zsh/site-functions/_ipman
`,
  options: {},
  run: async (_values, [shell]) => {
    // The scripts ask for these; who has no runtime has no names.
    if (shell === "connections") process.stdout.write(await connectionNames());
    else if (shell === "bash") process.stdout.write(bashScript(await everyCommand()));
    else if (shell === "zsh") process.stdout.write(zshScript(await everyCommand()));
    else throw new UsageError("name a shell: bash or zsh");
    return 0;
  },
};

async function connectionNames(): Promise<string> {
  try {
    const request = { op: "status" };
    const status = (await askOnce(controlSocket(defaultStateFolder), request)) as Status;
    return completableNames(status)
      .map((name) => `${name}\n`)
      .join("");
  } catch {
    return "";
  }
}

/** The connections that a shell may offer: a refused manifest can have any text as its name. */
export function completableNames({ connections }: Pick<Status, "connections">): string[] {
  return connections.map(({ id }) => id).filter(isObjectName);
}

async function everyCommand(): Promise<Command[]> {
  const loaded = await Promise.all(Object.values(commands).map(({ load }) => load()));
  return loaded.map((module) => module.command);
}

function optionsOf({ options }: Command): string {
  return ["help", ...Object.keys(options)].map((name) => `--${name}`).join(" ");
}

const names = "ipman completion connections 2>/dev/null";

function bashScript(all: readonly Command[]): string {
  const more = {
    files: 'COMPREPLY=($(compgen -f -- "$word")); compopt -o filenames;',
    connections: "_ipman_connections;",
  };
  const cases = all.map((one) => {
    const extra = one.takes === undefined ? "" : ` ${more[one.takes]}`;
    return `    ${one.name}) words="${optionsOf(one)}";${extra} ;;`;
  });
  // Names are never words of compgen -W, which expands what it is given, commands too.
  return `_ipman_connections() {
  local name
  while IFS= read -r name; do
    if [[ -n $name && $name == "$word"* ]]; then COMPREPLY+=("$(printf %q "$name")"); fi
  done <<<"$(${names})"
}
_ipman() {
  local word=\${COMP_WORDS[COMP_CWORD]} words=
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    words="${all.map(({ name }) => name).join(" ")}"
  else
    case \${COMP_WORDS[1]} in
${cases.join("\n")}
    esac
  fi
  COMPREPLY+=($(compgen -W "$words" -- "$word"))
}
complete -F _ipman ipman
`;
}

function zshScript(all: readonly Command[]): string {
  const more = { files: "_files", connections: `compadd -- \${(f)"$(${names})"}` };
  const cases = all.map((one) => {
    const extra = one.takes === undefined ? "" : `; ${more[one.takes]}`;
    return `    ${one.name}) compadd -- ${optionsOf(one)}${extra} ;;`;
  });
  const described = all.map(({ name, summary }) => `'${name}:${summary.replaceAll("'", "'\\''")}'`);
  return `#compdef ipman
_ipman() {
  local -a commands
  commands=(${described.join(" ")})
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  case $words[2] in
${cases.join("\n")}
  esac
}
if [ "$funcstack[1]" = "_ipman" ]; then _ipman "$@"; else compdef _ipman ipman; fi
`;
}
