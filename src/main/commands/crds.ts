import { stringify } from "yaml";
import { crds } from "../../model/api/crds.ts";
import { defineCommand } from "../options/command.ts";

export const command = defineCommand({
  details:
    "The definitions of IPSecConnection and CharonGroup, for:\n  ipman crds | kubectl apply --server-side -f -",
  arguments: {},
  options: {},
  run: async () => {
    // An anchor would be written for each part of a schema that occurs twice.
    const options = { aliasDuplicateObjects: false };
    for (const crd of crds()) process.stdout.write(`---\n${stringify(crd, options)}`);
    return 0;
  },
});
