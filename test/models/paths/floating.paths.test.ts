import { describe } from "node:test";
import { floatingMachine } from "../../../src/machines/floating/floating.ts";
import type { FloatingContext } from "../../../src/machines/floating/floating-types.ts";
import { failure, Reason } from "../../../src/model/status/failure.ts";
import { connectionOf } from "../fixtures.ts";
import { coversItsChart } from "./covers.ts";
import type { Held } from "./replay.ts";

const connection = connectionOf();
const addressOf = (length: number) => ({
  prefix: { address: { family: 4, value: 1n }, length } as const,
  interfaceName: undefined,
});
const error = { failure: failure(Reason.FloatingAddressUnavailable, "taken") };

describe("the machine of a floating address on generated paths", () => {
  const walkOf = (isAdded: boolean) => (held: Held) => ({
    machine: floatingMachine.provide({
      actors: { hold: held.actor(), leave: held.actor(), announce: held.actor() as never },
      actions: { reportHeld: () => {}, reportLeft: () => {}, reportRefused: () => {} },
      delays: { retry: 1_000 },
    }),
    input: { connection, floating: addressOf(24) },
    outputs: { hold: isAdded },
    events: [
      { type: "address.take" },
      ...[true, false].map((planned) => ({ type: "address.leave", planned })),
      { type: "address.announce" },
      { type: "address.changed", connection, floating: addressOf(25) },
      { type: "stop" },
    ],
    facts: ({ floating, former, wanted, planned, failure: known, attempt }: FloatingContext) => [
      [floating.prefix.length, former?.floating.prefix.length, wanted, planned],
      [known?.reason, Math.min(attempt, 2)],
    ],
    errors: [error],
  });

  coversItsChart(walkOf(true), walkOf(false));
});
