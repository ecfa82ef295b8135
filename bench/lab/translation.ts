import { childSpec, connectionSpec, psk, secret, yaml } from "../../lab/sites/manifests.ts";
import { ip } from "../../lab/sites/shell.ts";
import { TwoSites } from "../../lab/sites/two-sites.ts";
import type { Row } from "../row.ts";
import { Traffic } from "./traffic.ts";

const rounds = 9;
const granted = "10.99.0.5";
const seen = "192.168.77.0/24";

const connection = connectionSpec("good", {
  children: {
    "child-2": childSpec(2),
    "child-3": childSpec(3, {
      local_ips: [`${granted}/32`],
      nat: { source: { addresses: granted } },
    }),
    "child-4": childSpec(4, {
      local_ips: [seen],
      nat: { source: { networks: [{ local: "10.0.4.0/24", seen }] } },
    }),
  },
});

/** The cost of declared translations through a tunnel: children of one connection in turns, without and with one. */
export async function translationRows(): Promise<Row[]> {
  await using lab = await TwoSites.build();
  await lab.mirror(connection);
  ip(`-n peer route add ${granted} dev wire0 src 10.1.3.1`);
  ip(`-n peer route add ${seen} dev wire0 src 10.1.4.1`);
  lab.ipman.apply("secret.yaml", yaml(secret({ good: psk })));
  lab.ipman.apply("good.yaml", yaml(connection));
  await lab.ipman.start();
  await lab.ipman.ready("good");
  const ways = [2, 3, 4].map((n) => {
    const from = `app${n}`;
    ip(`netns add ${from}`);
    lab.ipman.attach(from, "good", `child-${n}`);
    return new Traffic({ from, to: "peer", address: `10.1.${n}.1` });
  });
  // The devices and filters stay, and ipman does not use the processor.
  await lab.ipman.stop();
  for (let round = 0; round < rounds; round++) for (const way of ways) await way.measure();
  for (const n of [2, 3, 4]) ip(`netns del app${n}`);
  const [plain, shared, mapped] = ways as [Traffic, Traffic, Traffic];
  return [
    ...rowsOf("of workers with a shared source address", shared, plain),
    ...rowsOf("of workers in a network that is translated 1:1", mapped, plain),
  ];
}

function rowsOf(what: string, traffic: Traffic, plain: Traffic): Row[] {
  const against = "workers without a translation, in turns";
  return [
    {
      what: `throughput ${what}, the middle of ${rounds}`,
      against,
      unit: "Mbit/s",
      ours: traffic.rate,
      theirs: plain.rate,
      goal: { atLeast: 0.95 },
      larger: true,
    },
    {
      what: `a ping ${what}, the middle of ${rounds} times 2,000`,
      against,
      unit: "ms",
      ours: traffic.ping,
      theirs: plain.ping,
      goal: { atMost: 1.1 },
    },
  ];
}
