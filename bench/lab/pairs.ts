import { join } from "node:path";
import { connectionSpec, childSpec, psk, secret, sites, yaml } from "../../lab/sites/manifests.ts";
import { ip, sh } from "../../lab/sites/shell.ts";
import { TwoSites } from "../../lab/sites/two-sites.ts";
import { connectionFromCr } from "../../src/model/validation/connection-from-cr.ts";
import { formatPrefix } from "../../src/model/net/prefix.ts";
import { quantile, type Row } from "../row.ts";
import { manifestFolder, timesSideBySide } from "./host-run.ts";
import { Swanctl } from "./swanctl.ts";

const count = 64;
const rounds = 5;
const bin = join(import.meta.dirname, "../../bin/ipman");
const remote_ips = Array.from({ length: count }, (_, i) => `10.1.${i}.0/24`);

/** A child with a CHILD SA for each of 64 pairs of networks, beside `swanctl` and one CHILD SA. */
export async function pairRows(): Promise<Row[]> {
  await using lab = await TwoSites.build();
  const pairs = spec("perPair");
  await lab.mirror(pairs);
  const byHand = handOf(lab, pairs);
  const manifests = manifestFolder(lab.folder, pairs);
  const both = { node: lab.node, byHand, manifests, name: "pairs", wanted: count };
  return [
    {
      what: `start of \`ipman run\` to the CHILD SAs of ${count} pairs of one child, process start apart, median`,
      against: "swanctl --load-all, then --initiate for each",
      unit: "ms",
      ...(await timesSideBySide(both, rounds)),
      goal: { atMost: 1.5 },
    },
    await attachRow(lab),
  ];
}

function spec(selectorMode: "perPair" | "together") {
  return connectionSpec("pairs", {
    children: { "child-2": childSpec(2, { remote_ips, selectorMode }) },
  });
}

function handOf(lab: TwoSites, cr: ReturnType<typeof spec>): Swanctl {
  const parsed = connectionFromCr(cr);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const { children } = parsed.value;
  return new Swanctl(lab.folder, lab.node.vici, {
    name: "pairs",
    localAddr: sites.node.v4,
    remoteAddr: sites.peer.v4,
    proposals: "aes256-sha256-ecp256",
    espProposals: "aes256-sha256-ecp256",
    children: children.flatMap(({ selectorSets, ifId }) =>
      // In swanctl.conf, the names of pairs would contain the sign of a comment.
      selectorSets.map(({ local, remote }, i) => ({
        name: `pair-${i}`,
        local: local.map(formatPrefix),
        remote: remote.map(formatPrefix),
        ifId,
      })),
    ),
  });
}

/** `ipman attach` to a child with pairs, and to one with the same networks in one CHILD SA. */
async function attachRow(lab: TwoSites): Promise<Row> {
  const times = { perPair: [] as number[], together: [] as number[] };
  lab.ipman.apply("secret.yaml", yaml(secret({ pairs: psk })));
  for (const mode of ["together", "perPair"] as const) {
    await lab.mirror(spec(mode));
    lab.ipman.apply("pairs.yaml", yaml(spec(mode)));
    await lab.ipman.start();
    await lab.ipman.ready("pairs", 60_000);
    for (let round = 0; round < rounds; round++) {
      ip("netns add app");
      const started = performance.now();
      sh(bin, "attach", "--netns", "app", "--connection", "pairs", "--child", "child-2");
      times[mode].push(performance.now() - started);
      ip("netns del app");
    }
    await lab.ipman.stop();
  }
  return {
    what: `\`ipman attach\` to a child of ${count} pairs, whole process, median`,
    against: "to a child with the same networks in one CHILD SA",
    unit: "ms",
    ours: quantile(times.perPair, 0.5),
    theirs: quantile(times.together, 0.5),
    goal: { atMost: 1.1 },
  };
}
