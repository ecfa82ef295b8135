import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { crds } from "../src/model/api/crds.ts";
import { apiReference } from "./api-reference.ts";
import { commandsReference } from "./commands-reference.ts";
import { dashboards } from "./dashboards/dashboards.ts";
import { optionsReference } from "./options-reference.ts";
import { reasonsReference } from "./reasons-reference.ts";
import { statusReference } from "./status-reference.ts";

/** Writes the chart's files and the references that follow from the code. */
const root = join(import.meta.dirname, "..");
for (const crd of crds()) {
  const { plural } = (crd["spec"] as { names: { plural: string } }).names;
  writeFileSync(join(root, `charts/ipman/crds-files/${plural}.yaml`), stringify(crd));
}
for (const [name, dashboard] of dashboards) {
  const file = join(root, `charts/ipman/dashboards/${name}.json`);
  writeFileSync(file, `${JSON.stringify(dashboard, undefined, 2)}\n`);
}
writeFileSync(join(root, "docs/api.md"), apiReference());
writeFileSync(join(root, "docs/commands.md"), await commandsReference());
writeFileSync(join(root, "docs/options.md"), optionsReference());
writeFileSync(join(root, "docs/reasons.md"), reasonsReference());
writeFileSync(join(root, "docs/reference.md"), statusReference());
