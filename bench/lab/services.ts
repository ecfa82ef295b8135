import { execFileSync } from "node:child_process";
import { FilterMemory } from "../../src/adapters/nftables/apply-rules.ts";
import { parseAddress, type Address } from "../../src/model/net/address.ts";
import { replaceTable, type RulesPlan } from "../../src/model/rules/rules-plan.ts";
import type { ExposedPort } from "../../src/model/translation/child-services.ts";
import { behindTheTunnel, LabSegment, type LabPod } from "../../lab/sites/segment.ts";
import { ip } from "../../lab/sites/shell.ts";
import { quantile, type Row } from "../row.ts";
import { Traffic } from "./traffic.ts";

const rounds = 9;
const services = 500;
const endpoints = 5;
const partner = "seg-behind";
const transferPort = 5_201;

const address = (text: string) => parseAddress(text) as Address;

/** The cost of Services in a gateway, whose tunnel is a veth: ESP would hide a part of it. */
export async function serviceRows(): Promise<Row[]> {
  using segment = new LabSegment(4);
  const gateway = segment.pod("gw", 1);
  const worker = segment.attach(segment.pod("one", 2), "10.0.2.3", gateway);
  const pod = segment.pod("two", 3);
  segment.serve(gateway);
  const plain = {
    in: new Traffic({ from: partner, to: worker.name, address: "10.0.2.3" }),
    out: new Traffic({ from: worker.name, to: partner, address: behindTheTunnel }),
  };
  const shown = "10.0.2.60";
  const exposed = new Traffic({
    from: partner,
    to: worker.name,
    address: shown,
    port: transferPort,
  });
  const remote = new Traffic({ from: pod.name, to: partner, address: "10.244.0.1", port: 20_001 });
  for (let round = 0; round < rounds; round++) {
    segment.services = { exposed: [], remote: [] };
    segment.serve(gateway);
    await plain.in.measure();
    await plain.out.measure();
    segment.services = {
      exposed: [portOf(0, shown, transferPort, [worker.underlay], transferPort)],
      remote: [
        {
          service: "shop/partner",
          transport: "tcp",
          gatewayPort: 20_001,
          source: address("10.0.2.70"),
          backends: [{ address: address(behindTheTunnel), port: transferPort }],
        },
      ],
    };
    segment.serve(gateway);
    await exposed.measure();
    await remote.measure();
  }
  const row = (what: string, ours: Traffic, theirs: Traffic, against: string): Row => ({
    what: `throughput ${what}, without ESP, the middle of ${rounds}`,
    against,
    unit: "Mbit/s",
    ours: ours.rate,
    theirs: theirs.rate,
    goal: { atLeast: 0.95 },
    larger: true,
  });
  return [
    row(
      "of the partner to a worker by a Service",
      exposed,
      plain.in,
      "the same worker's own address, in turns",
    ),
    row(
      "of a pod to the partner by a Service",
      remote,
      plain.out,
      "a worker to the partner, in turns",
    ),
    ...manyServices(segment, gateway),
  ];
}

/** 500 Services with five endpoints each: the first application, and one changed endpoint. */
function manyServices(segment: LabSegment, gateway: LabPod): Row[] {
  const ports = Array.from({ length: services }, (_, i) => portOfMany(i, 0));
  const [first, reference, change]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round < rounds; round++) {
    segment.services = { exposed: [], remote: [] };
    const memory = new FilterMemory();
    segment.serve(gateway, memory);
    segment.services = { exposed: ports, remote: [] };
    const { rules } = segment.gatewayPlan(gateway);
    reference.push(loaded(rules as RulesPlan));
    first.push(timed(() => segment.serve(gateway, memory)));
    segment.services = { exposed: ports.with(7, portOfMany(7, 1)), remote: [] };
    change.push(timed(() => segment.serve(gateway, memory)));
  }
  return [
    {
      what: `${services} Services with ${endpoints} endpoints each in a gateway, planned and applied, the middle of ${rounds}`,
      against: "`nft -f` of the same ruleset in another namespace",
      unit: "ms",
      ours: quantile(first, 0.5),
      theirs: quantile(reference, 0.5),
      goal: { atMost: 1.5 },
    },
    {
      what: "the change of one endpoint of them, planned and applied",
      against: "–",
      unit: "ms",
      ours: quantile(change, 0.5),
      goal: { atMost: 50 },
    },
  ];
}

/** The time of nft for a ruleset in an empty namespace. */
function loaded(rules: RulesPlan): number {
  const input = replaceTable(rules);
  ip("netns add reference");
  try {
    const command = ["netns", "exec", "reference", "nft", "-f", "-"];
    return timed(() => execFileSync("ip", command, { input }));
  } finally {
    ip("netns del reference");
  }
}

function portOfMany(number: number, generation: number): ExposedPort {
  const backends = Array.from({ length: endpoints }, (_, i) =>
    address(`10.250.${number >> 5}.${(number & 31) * 8 + i + (i === 4 ? generation : 0)}`),
  );
  return portOf(number, `10.0.2.${10 + (number % 200)}`, 1_000 + number, backends, 8_080);
}

function portOf(
  number: number,
  shown: string,
  port: number,
  pods: readonly Address[],
  target: number,
): ExposedPort {
  return {
    service: `shop/service-${number}`,
    address: address(shown),
    transport: "tcp",
    port,
    affinity: false,
    backends: pods.map((pod) => ({ address: pod, port: target })),
  };
}

function timed(work: () => unknown): number {
  const started = performance.now();
  work();
  return performance.now() - started;
}
