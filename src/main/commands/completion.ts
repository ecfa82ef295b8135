import { bashScript, fishScript, zshScript } from "../completion/scripts.ts";
import { defineCommand } from "../options/command.ts";
import { UsageError, type Argument } from "../options/option.ts";

const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript };
const shells = Object.keys(scripts);

const shell: Argument<string> = {
  usage: "<shell>",
  help: shells.join(", "),
  fallback: "",
  offers: shells,
};

export const command = defineCommand({
  details: `The shell then completes commands, options, their values, files, and the names of the connections and
children on this host:

  bash: ipman completion bash >/usr/share/bash-completion/completions/ipman
  zsh:  ipman completion zsh >/usr/share/zsh/site-functions/_ipman
  fish: ipman completion fish >/usr/share/fish/vendor_completions.d/ipman.fish`,
  arguments: { shell },
  options: {},
  run: async ({ shell }) => {
    if (shell !== "bash" && shell !== "zsh" && shell !== "fish")
      throw new UsageError(`"${shell}" is not a shell with completion: ${shells.join(", ")}`);
    process.stdout.write(scripts[shell]);
    return 0;
  },
});
