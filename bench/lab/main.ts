import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { connectionSpec, psk, secret, yaml } from "../../lab/sites/manifests.ts";
import { TwoSites } from "../../lab/sites/two-sites.ts";
import { pairRows } from "./pairs.ts";
import { peerRows } from "./peers.ts";
import type { Row } from "../row.ts";
import { roundTrips } from "./round-trips.ts";
import { segmentRows } from "./segment.ts";
import { serviceRows } from "./services.ts";
import { tables } from "./tables.ts";
import { translationRows } from "./translation.ts";
import { tunnelRows } from "./tunnel.ts";

/** The measurements that need charon and a kernel with ESP; its argument is govici's program. */
const [, , govici = ""] = process.argv;
const rows = [
  ...(await twoSiteRows()),
  ...(await translationRows()),
  ...(await serviceRows()),
  ...(await pairRows()),
  ...(await peerRows()),
];
writeFileSync(join(process.env["ARTIFACTS"] ?? "/tmp", "rows.json"), JSON.stringify(rows));

async function twoSiteRows(): Promise<Row[]> {
  await using lab = await TwoSites.build();
  await lab.mirror(connectionSpec("good"));
  lab.ipman.apply("secret.yaml", yaml(secret({ good: psk })));
  lab.ipman.apply("good.yaml", yaml(connectionSpec("good")));
  return [
    await roundTrips(lab.node, govici),
    tables(),
    ...(await tunnelRows(lab)),
    ...(await segmentRows(lab)),
  ];
}
