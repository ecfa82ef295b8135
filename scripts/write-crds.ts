import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { crds } from "../src/model/crds.ts";

/** Writes the chart's CustomResourceDefinitions from the schemas. */
for (const crd of crds()) {
  const { plural } = (crd["spec"] as { names: { plural: string } }).names;
  const path = join(import.meta.dirname, `../charts/ipman/crds-files/${plural}.yaml`);
  writeFileSync(path, stringify(crd));
}
