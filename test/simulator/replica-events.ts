import fc from "fast-check";
import { annotation } from "../../src/model/kubernetes/labels.ts";
import { pass, type TwoReplicas } from "./two-replicas.ts";

/** An event in the life of two replicas, their pods or their clocks. */
export type ReplicaEvent = (world: TwoReplicas, asked: Promise<void>[]) => Promise<void> | void;

export const replicaEvents: fc.Arbitrary<ReplicaEvent> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(fc.nat(12), fc.nat(1)).map(([count, which]) =>
      named(`${count} pods created through ${which}`, (world, asked) => {
        for (let i = 0; i < count; i++) asked.push(world.create(which));
      }),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.nat(6).map((n) =>
      named(`a pod requests 10.0.2.${10 + n}`, (world, asked) => {
        asked.push(world.create(n, { [annotation.address]: `10.0.2.${10 + n}` }));
      }),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.nat(30).map((n) =>
      named(`up to ${n} deleted`, (world) => {
        for (const pod of world.pods.slice(0, n)) world.delete(pod);
      }),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.nat(10).map((n) =>
      named(`up to ${n} finish`, (world) => {
        for (const pod of world.pods.slice(0, n)) world.finish(pod);
      }),
    ),
  },
  { weight: 4, arbitrary: fc.nat(600).map((ms) => named(`${ms} ms`, () => pass(ms))) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.nat(1), fc.nat(3_000))
      .map(([which, ms]) => named(`${which} is ${ms} ms behind`, (world) => world.slow(which, ms))),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom("requests", "answers"), fc.nat(1_500)).map(([outage, ms]) =>
      named(`${outage} fail for ${ms} ms`, async (world) => {
        world.api.outage = outage;
        await pass(ms);
        world.api.outage = undefined;
      }),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.nat(1).map((which) => named(`${which} crashes`, (world) => world.crash(which))),
  },
  {
    weight: 1,
    arbitrary: fc
      .nat(1)
      .map((which) => named(`${which} leads`, (world) => world.replicas[which]?.lead())),
  },
  {
    weight: 1,
    arbitrary: fc
      .nat(1)
      .map((which) => named(`${which} stops leading`, (world) => world.crash(which, false))),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.nat(1), fc.integer({ min: -72, max: 72 }))
      .map(([which, hours]) =>
        named(`the clock of ${which} is set by ${hours} hours`, (world) =>
          world.setClock(which, hours),
        ),
      ),
  },
);

/** Names an event for the report of a failure. */
function named(text: string, run: ReplicaEvent): ReplicaEvent {
  return Object.assign(run, { [fc.toStringMethod]: () => text });
}
