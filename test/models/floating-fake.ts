import { fromCallback, fromPromise, type AnyEventObject } from "xstate";
import { floatingMachine } from "../../src/machines/floating/floating.ts";
import type { FloatingOrder, LeaveOrder } from "../../src/machines/floating/floating-types.ts";
import { failure, Reason } from "../../src/model/status/failure.ts";
import { Refusal } from "../../src/runtime/ports/refusal.ts";
import type { Calls } from "./fixtures.ts";

/** A node whose facts the effects change. */
interface FloatingNode {
  readonly id: string;
  readonly calls: Calls;
  readonly charon: { sas: readonly object[] };
  readonly refusesAddress: boolean;
  readonly leaves: Promise<void>;
  holds: boolean;
}

const unavailable = failure(Reason.FloatingAddressUnavailable, "the node has the address already");

/** The machine of a floating address whose effects change the facts about a node. */
export function floatingWith(node: FloatingNode) {
  const note = (name: string) => node.calls.made.push({ name, input: node.id });
  return floatingMachine.provide({
    actors: {
      hold: fromPromise<boolean, FloatingOrder>(async () => {
        if (node.refusesAddress) throw new Refusal(unavailable);
        const isAdded = !node.holds;
        node.holds = true;
        if (isAdded) note("address added");
        return isAdded;
      }),
      leave: fromPromise<void, LeaveOrder>(async ({ input }) => {
        if (input.planned) await node.leaves;
        if (input.planned) node.charon.sas = [];
        if (node.holds) note(input.planned ? "SAs ended" : "address removed");
        node.holds = false;
      }),
      announce: fromCallback<AnyEventObject, FloatingOrder>(() => void note("address announced")),
    },
  });
}
