import { stringify } from "yaml";
import { crds } from "../../model/api/crds.ts";
import type { Command } from "../options/command.ts";

export const command: Command = {
  name: "crds",
  summary: "print the custom resource definitions",
  help: `usage: ipman crds

Prints the CustomResourceDefinitions of IPSecConnection and CharonGroup:
  ipman crds | kubectl apply --server-side -f -
`,
  options: {},
  run: async () => {
    for (const crd of crds()) process.stdout.write(`---\n${stringify(crd)}`);
    return 0;
  },
};
