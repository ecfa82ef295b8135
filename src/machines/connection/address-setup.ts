import { assign, enqueueActions } from "xstate";
import { isDeepStrictEqual } from "node:util";
import { leads } from "../../model/api/path.ts";
import { changedPaths, partingId } from "./connection-facts.ts";
import { choiceSetup } from "./choice-setup.ts";
import { pathActorId, type ConnectionContext } from "./connection-types.ts";
import { floatingOf, isContested, isOwnDecision } from "./floating.ts";
import { isPlanned } from "./handover.ts";

/** The id of the actor of the floating address. */
const addressId = "address";

/** The setup of the connection machine with the address that the node of the active path has. */
export const addressSetup = choiceSetup.extend({
  actions: {
    /** Starts the actor of a declared address. */
    startAddress: enqueueActions(({ enqueue, context }) => {
      const { connection, chosen, active, addressed } = context;
      const floating = floatingOf(connection);
      if (floating === undefined || addressed) return;
      enqueue.assign({ addressed: true });
      enqueue.spawnChild("floating", { id: addressId, input: { connection, floating } });
      if (chosen) enqueue.sendTo(addressId, orderBy(context, active, false));
    }),
    /** Comes before all that a decision changes: no other node may have the address meanwhile. */
    moveAddress: enqueueActions(({ enqueue, context, event }) => {
      if (event.type !== "path.decided" || !context.addressed) return;
      const planned = isPlanned(event) && isOwnDecision(context, event);
      enqueue.sendTo(addressId, orderBy(context, event.active, planned));
    }),
    /**
     * The other agents hear a decision of this one by which the address leaves once it has left: the
     * next node must not announce it before.
     */
    noteDecision: assign(({ context, event }) => {
      if (event.type !== "path.decided" || !context.addressed) return {};
      if (leads(context.connection, event.active)) return { handing: undefined };
      const { epoch, active, dialled, cause } = context;
      const isHanding = context.holdsAddress && isOwnDecision(context, event);
      return { handing: isHanding ? { epoch, active, dialled, cause } : undefined };
    }),
    noteLeft: assign({ handing: undefined, holdsAddress: false }),
    /** The active path can be dialled from now on. */
    noteHeld: enqueueActions(({ enqueue, context }) => {
      const next = { ...context, holdsAddress: true };
      enqueue.assign({ holdsAddress: true, addressFailure: undefined });
      for (const { path, connection } of changedPaths(context, next)) {
        enqueue.cancel(partingId(path));
        enqueue.sendTo(pathActorId(path), { type: "spec.changed", connection });
      }
    }),
    noteRefused: enqueueActions(({ enqueue, context, event }) => {
      if (event.type !== "address.refused") return;
      const next = { ...context, holdsAddress: false };
      enqueue.assign({ holdsAddress: false, addressFailure: event.failure });
      for (const { path, connection } of changedPaths(context, next))
        enqueue.sendTo(pathActorId(path), { type: "spec.changed", connection });
    }),
    /** Takes another declaration of the address. */
    declareAddress: enqueueActions(({ enqueue, context, event }) => {
      if (event.type !== "spec.changed" || !context.addressed) return;
      const { connection } = event;
      const [before, after] = [floatingOf(context.connection), floatingOf(connection)];
      if (isDeepStrictEqual(before, after)) return;
      enqueue.assign({ holdsAddress: false, handing: undefined, addressFailure: undefined });
      if (after === undefined) enqueue.sendTo(addressId, { type: "stop" });
      else enqueue.sendTo(addressId, { type: "address.changed", connection, floating: after });
    }),
    stopAddress: enqueueActions(({ enqueue, context }) => {
      if (context.addressed) enqueue.sendTo(addressId, { type: "stop" });
    }),
    forgetAddress: enqueueActions(({ enqueue }) => {
      enqueue.stopChild(addressId);
      enqueue.assign({
        addressed: false,
        holdsAddress: false,
        addressFailure: undefined,
        handing: undefined,
      });
    }),
    /** Another node had the address while this one did not hear it. */
    reclaimAddress: enqueueActions(({ enqueue, context, event }) => {
      if (isContested(context, event)) enqueue.sendTo(addressId, { type: "address.announce" });
    }),
  },
});

function orderBy({ connection }: ConnectionContext, active: string, planned: boolean) {
  return leads(connection, active)
    ? ({ type: "address.take" } as const)
    : ({ type: "address.leave", planned } as const);
}
