import { assign, enqueueActions } from "xstate";
import { isDeepStrictEqual } from "node:util";
import { hasSeveralPaths, leads } from "../../model/api/path.ts";
import { changedPaths, partingId } from "./connection-facts.ts";
import { choiceSetup } from "./choice-setup.ts";
import { failoverId, pathActorId, type ConnectionContext } from "./connection-types.ts";
import { mayAttract } from "./elsewhere.ts";
import { floatingOf, isOwnDecision } from "./floating.ts";
import { isPlanned } from "./handover.ts";
import { choiceWith, choiceWithAddress, noAddress } from "./path-choice.ts";

/** The id of the actor of the floating address. */
const addressId = "address";

/** The setup of the connection machine with the address that the node of the active path has. */
export const addressSetup = choiceSetup.extend({
  actions: {
    /** Starts the actor of a declared address. */
    startAddress: enqueueActions(({ enqueue, context }) => {
      const { connection, chosen, active, choice } = context;
      const floating = floatingOf(connection);
      if (floating === undefined || choice.address.runs) return;
      enqueue.assign({ choice: choiceWithAddress(choice, { runs: true }) });
      enqueue.spawnChild("floating", { id: addressId, input: { connection, floating } });
      if (chosen) enqueue.sendTo(addressId, orderBy(context, active, false));
    }),
    /** Comes before all that a decision changes: no other node may have the address meanwhile. */
    moveAddress: enqueueActions(({ enqueue, context, event }) => {
      if (event.type !== "path.decided" || !context.choice.address.runs) return;
      const planned = isPlanned(event) && isOwnDecision(context.choice, event);
      enqueue.sendTo(addressId, orderBy(context, event.active, planned));
    }),
    /**
     * The other agents hear a decision of this one by which the address leaves once it has left: the
     * next node must not announce it before.
     */
    noteDecision: assign(({ context, event }) => {
      const { connection, active, dialled, choice } = context;
      if (event.type !== "path.decided" || !choice.address.runs) return {};
      const { epoch, cause } = choice;
      const isHanding =
        !leads(connection, event.active) && choice.address.holds && isOwnDecision(choice, event);
      const handing = isHanding ? { epoch, active, dialled, cause } : undefined;
      return { choice: choiceWithAddress(choice, { handing }) };
    }),
    noteLeft: assign(({ context: { choice } }) => ({
      choice: choiceWithAddress(choice, { handing: undefined, holds: false }),
    })),
    /** The active path can be dialled from now on. */
    noteHeld: enqueueActions(({ enqueue, context }) => {
      const choice = choiceWithAddress(context.choice, { holds: true, failure: undefined });
      enqueue.assign({ choice });
      for (const { path, connection } of changedPaths(context, { ...context, choice })) {
        enqueue.cancel(partingId(path));
        enqueue.sendTo(pathActorId(path), { type: "spec.changed", connection });
      }
    }),
    /** The active path cannot be dialled, so that another one has to carry the traffic. */
    noteUnavailable: enqueueActions(({ enqueue, context, event }) => {
      if (event.type !== "address.refused") return;
      const { failure } = event;
      const choice = choiceWithAddress(context.choice, { holds: false, failure });
      enqueue.assign({ choice });
      for (const { path, connection } of changedPaths(context, { ...context, choice }))
        enqueue.sendTo(pathActorId(path), { type: "spec.changed", connection });
      if (hasSeveralPaths(context.connection) && leads(context.connection, context.active))
        enqueue.sendTo(failoverId, { type: "path.failed", path: context.active });
    }),
    /** Takes another declaration of the address. */
    declareAddress: enqueueActions(({ enqueue, context, event }) => {
      if (event.type !== "spec.changed" || !context.choice.address.runs) return;
      const { connection } = event;
      const [before, after] = [floatingOf(context.connection), floatingOf(connection)];
      if (isDeepStrictEqual(before, after)) return;
      enqueue.assign({
        choice: choiceWith(context.choice, { address: { ...noAddress, runs: true } }),
      });
      if (after === undefined) enqueue.sendTo(addressId, { type: "stop" });
      else enqueue.sendTo(addressId, { type: "address.changed", connection, floating: after });
    }),
    stopAddress: enqueueActions(({ enqueue, context }) => {
      if (context.choice.address.runs) enqueue.sendTo(addressId, { type: "stop" });
    }),
    forgetAddress: enqueueActions(({ enqueue, context }) => {
      enqueue.stopChild(addressId);
      enqueue.assign({ choice: choiceWith(context.choice, { address: noAddress }) });
    }),
    /** Another node had the address while this one did not hear it. */
    reclaimAddress: enqueueActions(({ enqueue, context, event }) => {
      const { choice } = context;
      if (!choice.address.holds || !mayAttract(choice, event)) return;
      enqueue.sendTo(addressId, { type: "address.announce" });
    }),
  },
});

function orderBy({ connection }: ConnectionContext, active: string, planned: boolean) {
  return leads(connection, active)
    ? ({ type: "address.take" } as const)
    : ({ type: "address.leave", planned } as const);
}
