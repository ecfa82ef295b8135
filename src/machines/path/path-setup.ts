import { assign, enqueueActions, sendParent, setup } from "xstate";
import { Reason, type Failure } from "../../model/status/failure.ts";
import type { PublicState } from "../../model/status/public-state.ts";
import { childKeyOf } from "../../model/api/selector-sets.ts";
import type { Child } from "../../model/api/connection.ts";
import { isEstablished, isMoving, isRekeying } from "../../model/charon/sa.ts";
import { isCrowded, type SurplusSas } from "../../model/charon/surplus-sas.ts";
import { childMachine } from "../child/child.ts";
import { pathChange } from "./path-change.ts";
import { childIdIn, differencesOf, isDoubled, lossFailure, outdatedSas } from "./path-facts.ts";
import {
  childActorId,
  childKeyIn,
  type PathContext,
  type PathEvent,
  type PathInput,
  type PathReport,
  type LoadOrder,
  type LoadResult,
} from "./path-types.ts";
import { hasClosed, hasNewChildSa, isCold, purged } from "./sa-changes.ts";
import { differenceFailure, withTried } from "../common/differences.ts";
import { noteRefusal, standingRefusal } from "../common/rekey-refusal.ts";
import { sameItems } from "../../model/value/same-items.ts";
import { notProvided } from "../common/not-provided.ts";
import { pacedPauseMs, slowPauseMs } from "../common/pace.ts";
import { isLooping, noRecurrence, pauseMs, recurring, steadyMs } from "../common/recurrence.ts";

/** The types, actors, actions, guards and delays of the path machine. */
export const pathSetup = setup({
  types: {} as {
    context: PathContext;
    events: PathEvent;
    input: PathInput;
    tags: PublicState;
    children: Record<string, "child">;
  },
  actors: {
    child: childMachine,
    /**
     * Loads the secret and the connection into charon without disturbing existing SAs. Resolves
     * with what charon had before.
     */
    load: notProvided<LoadResult, LoadOrder>("load"),
    /** Initiates an IKE SA without a CHILD SA, and does not wait for it. */
    initiateIke: notProvided<void, { readonly connectionName: string }>("initiateIke"),
    /** Terminates IKE SAs by their unique ids. */
    terminateIke: notProvided<void, { readonly uniqueIds: readonly string[] }>("terminateIke"),
    /** Terminates IKE SAs and CHILD SAs that newer ones make superfluous. */
    endSurplus: notProvided<void, SurplusSas>("endSurplus"),
    /** Removes the connection's key from charon. Its SAs stay up. */
    withdrawKey: notProvided<void, { readonly connectionName: string }>("withdrawKey"),
    /** Terminates the connection's SAs and removes connection and secret from charon. */
    unload: notProvided<void, { readonly connectionName: string }>("unload"),
  },
  actions: {
    wantList: sendParent(({ context }): PathReport => ({ type: "sas.wanted", path: context.path })),
    reportEnd: sendParent(({ context: { path }, event }): PathReport => ({
      type: "child.ended",
      path,
      child: childKeyIn(childIdIn(event.type)),
    })),
    passTunnel: enqueueActions(({ enqueue, context: { path }, event }) => {
      if (event.type === "tunnel.changed")
        enqueue.sendParent({ ...event, path } satisfies PathReport);
    }),
    /** Notes and reports whether a child carries traffic. */
    takeReport: enqueueActions(({ enqueue, context, event }) => {
      if (event.type !== "child.up" && event.type !== "child.down") return;
      const { path } = context;
      const others = context.carrying.filter((key) => key !== event.child);
      const carrying = event.type === "child.up" ? others.concat(event.child) : others;
      enqueue.assign({ carrying });
      const report = changeOf(context, { ...context, carrying });
      if (report !== undefined) enqueue.sendParent(report);
      if (carrying.length === 0 && event.type === "child.down" && event.failed)
        enqueue.sendParent({ type: "path.failed", path } satisfies PathReport);
    }),
    reportFailure: enqueueActions(({ enqueue, context: { path, carrying, failure } }) => {
      if (carrying.length > 0) return;
      const isRefused = failure?.reason === Reason.AuthenticationFailed;
      const refused = isRefused ? ({ refused: true } as const) : {};
      enqueue.sendParent({ type: "path.failed", path, ...refused } satisfies PathReport);
    }),
    note: assign((_, params: { failure: Failure | undefined }) => ({ failure: params.failure })),
    /** Notes how an IKE SA differs from the manifest, or else that the peer does not rekey it. */
    noteDifference: assign(({ context }) => ({
      failure:
        differenceFailure(differencesOf(context)[0]?.difference, context.failure) ??
        standingRefusal(context.rekeyRefusal, context.ikeSas),
    })),
    /** Notes a refusal to rekey an IKE SA; a child gets that of its CHILD SA. */
    takeRefusedRekey: enqueueActions(({ enqueue, context, event }) => {
      if (event.type !== "rekey.refused") return;
      const { child, failure } = event;
      const { ikeSas, rekeyRefusal } = context;
      if (child === undefined) {
        enqueue.assign({ rekeyRefusal: noteRefusal(failure, ikeSas, rekeyRefusal) });
        return;
      }
      const id = childActorId(childKeyOf(child));
      if (context.running.includes(id)) enqueue.sendTo(id, { type: "rekey.refused", failure });
    }),
    recur: assign(({ context }, params: { state: string; cause: string }) => ({
      recurrence: recurring(context.recurrence, params.state, params.cause),
    })),
    noteLoss: assign(({ context }) => {
      const cause = "another program removes or replaces the connection or its key in charon";
      const recurrence = recurring(context.recurrence, "restoring", cause);
      return { recurrence, failure: lossFailure(recurrence) };
    }),
    /**
     * Records the differences before SAs are replaced for them, which happens once per difference.
     */
    noteRepair: assign(({ context }) => {
      const outdated = outdatedSas(context);
      const repaired = differencesOf(context)
        .filter(({ uniqueId }) => outdated.includes(uniqueId))
        .map(({ difference }) => difference);
      const [first] = repaired;
      if (first === undefined) return {};
      return {
        outdated,
        tried: withTried(context.tried, ...repaired),
        recurrence: recurring(context.recurrence, "replacing", first),
      };
    }),
    /** Forgets attempts, recurrences and repairs after a long time without a failure. */
    settle: assign(({ context }) => ({
      attempt: 0,
      recurrence: noRecurrence,
      tried: differencesOf(context).length === 0 ? [] : context.tried,
    })),
    takeList: enqueueActions(({ enqueue, context, event }) => {
      if (event.type !== "sas.listed") return;
      const { ikeSas } = event;
      const pathMissing = context.pathMissing && ikeSas.some(isMoving);
      enqueue.assign({ ikeSas, pathMissing });
      if (context.purges) enqueue.assign(purged(context.outdated, ikeSas));
      const report = changeOf(context, { ...context, pathMissing });
      if (report !== undefined) enqueue.sendParent(report);
      const { path, connection } = context;
      if (connection.hasAlternative !== true) return;
      if (hasNewChildSa(context.ikeSas, ikeSas))
        enqueue.sendParent({ type: "path.attracts", path } satisfies PathReport);
      if (hasClosed(context.ikeSas, ikeSas, context.outdated))
        enqueue.sendParent({ type: "path.closed", path } satisfies PathReport);
    }),
    missPath: enqueueActions(({ enqueue, context }) => {
      enqueue.assign({ pathMissing: true });
      const report = changeOf(context, { ...context, pathMissing: true });
      if (report !== undefined) enqueue.sendParent(report);
    }),
    /** Forwards an event to the children. */
    forward: enqueueActions(({ enqueue, event, context }) => {
      if (event.type !== "sas.listed" && event.type !== "peer.notified") return;
      // SAs that are to end carry nothing.
      const isPurged = event.type === "sas.listed" && context.purges;
      const forwarded = isPurged ? { ...event, ikeSas: [] } : event;
      for (const id of context.running) enqueue.sendTo(id, forwarded);
    }),
    /** SAs that charon negotiated for the same manifest are kept: new ones would be the same. */
    takeLoaded: enqueueActions(({ enqueue, context }, loaded: LoadResult) => {
      const { outdated, alike, omitted } = loaded;
      const known = alike.identities ? differencesOf(context) : [];
      enqueue.assign({
        failure: undefined,
        omitted,
        outdated: [...context.outdated, ...outdated],
        tried: withTried(context.tried, ...known.map(({ difference }) => difference)),
      });
      const alikeChildren = new Set(alike.children.map(childActorId));
      for (const id of context.running) {
        enqueue.sendTo(id, { type: "connection.loaded", alike: alikeChildren.has(id) });
      }
    }),
    tellChildren: enqueueActions(
      ({ enqueue, context }, params: { type: "connection.unloaded" | "stop" | "rekey" }) => {
        for (const id of context.running) enqueue.sendTo(id, params);
      },
    ),
    spawnMissing: enqueueActions(({ enqueue, context }) => {
      const missing = context.connection.children.filter(
        (child) => !context.running.includes(childActorId(child.key)),
      );
      for (const child of missing) {
        enqueue.spawnChild("child", {
          id: childActorId(child.key),
          input: {
            connection: context.connection,
            child,
            loaded: false,
          },
        });
      }
      const spawned = missing.map((child) => childActorId(child.key));
      enqueue.assign({ running: context.running.concat(spawned) });
    }),
    forgetChild: enqueueActions(({ enqueue, context, event }) => {
      const id = childIdIn(event.type);
      enqueue.stopChild(id);
      enqueue.assign({ running: context.running.filter((other) => other !== id) });
      enqueue.raise({ type: "child.down", child: childKeyIn(id), failed: false });
    }),
    takeSpec: enqueueActions(({ enqueue, context, event }) => {
      if (event.type !== "spec.changed") return;
      const change = pathChange(context.connection, event.connection);
      const runs = ({ key }: Child) => context.running.includes(childActorId(key));
      for (const { key } of change.removed.filter(runs)) {
        enqueue.sendTo(childActorId(key), { type: "stop" });
      }
      for (const { child, replaces } of change.kept.filter(({ child }) => runs(child))) {
        enqueue.sendTo(childActorId(child.key), {
          type: "child.changed",
          connection: event.connection,
          child,
          replaces: (replaces || event.ends === "children") && !change.ike,
          replacesIke: change.ike,
        });
      }
      const purges = event.ends === "all" && isCold(event.connection);
      enqueue.cancel("purge");
      if (purges) enqueue.raise({ type: "purge.ended" }, { delay: "purge", id: "purge" });
      enqueue.assign({
        connection: event.connection,
        attempt: 0,
        failure: undefined,
        recurrence: noRecurrence,
        purges,
        outdated:
          change.ike || event.ends === "all"
            ? context.ikeSas.map((sa) => sa.uniqueId)
            : context.outdated,
      });
    }),
    takeSecret: assign(({ event }) => {
      if (event.type === "secret.changed")
        return { secretRevision: event.revision, keyFailure: undefined, keyToWithdraw: false };
      if (event.type !== "secret.missing" && event.type !== "secret.refused") return {};
      const isRefused = event.type === "secret.refused";
      return {
        secretRevision: undefined,
        keyFailure: isRefused ? event.failure : undefined,
        keyToWithdraw: isRefused || event.unreadable !== true,
      };
    }),
    noteWithdrawn: assign({ keyToWithdraw: false }),
    /** Treats the outdated SAs as gone; the next list has those that still exist. */
    forgetOutdated: assign(({ context }) => {
      const gone = new Set(outdatedSas(context));
      return { outdated: [], ikeSas: context.ikeSas.filter((sa) => !gone.has(sa.uniqueId)) };
    }),
  },
  guards: {
    loadable: ({ context }) => context.charonReady && context.secretRevision !== undefined,
    looping: ({ context }) => isLooping(context.recurrence),
    keyToWithdraw: ({ context }) => context.charonReady && context.keyToWithdraw,
    keyless: ({ context }) => context.secretRevision === undefined,
    established: ({ context }) => context.ikeSas.some(isEstablished),
    /** Whether the path stands by and lacks the IKE SA that it is to have. */
    undialled: ({ context: { connection, ikeSas, secretRevision } }) =>
      connection.standsBy !== undefined &&
      !ikeSas.some(isEstablished) &&
      secretRevision !== undefined,
    rekeying: ({ context }) => context.ikeSas.some(isRekeying),
    moving: ({ context }) => context.ikeSas.some(isMoving),
    doubled: ({ context }) => isDoubled(context),
    crowded: ({ context }) => isCrowded(context.ikeSas),
    outdated: ({ context }) => outdatedSas(context).length > 0,
    stalled: ({ context }) => context.failure?.retryable === false,
    /** Whether a child begins or ceases to carry traffic, or failed. */
    reportIsNew: ({ context, event }) =>
      event.type === "child.up"
        ? !context.carrying.includes(event.child)
        : event.type === "child.down" && (event.failed || context.carrying.includes(event.child)),
    /** Whether the peer refused and charon has given up the IKE SA. */
    refused: ({ context }) => context.failure?.retryable === false && context.ikeSas.length === 0,
    secretIsNew: ({ context, event }) =>
      event.type === "secret.changed" && event.revision !== context.secretRevision,
    /** Whether there was a key before. Without one, charon keeps what it has. */
    secretWent: ({ context }) =>
      context.secretRevision !== undefined || context.keyFailure !== undefined,
    unreadable: ({ event }) => event.type === "secret.missing" && event.unreadable === true,
    refusalIsNew: ({ context, event }) =>
      event.type === "secret.refused" && event.failure !== context.keyFailure,
  },
  delays: {
    backoff: ({ context }) => pauseMs(context),
    steady: steadyMs,
    check: 2_000,
    /** An IKE SA that is established is an event; this finds an attempt that ended. */
    slowCheck: 10_000,
    /** Each attempt may cost the peer some IKE SAs before charon stops. */
    halt: () => 180_000 + Math.random() * 45_000,
    /** Differs between the two sides, so that they do not end both SAs at once. */
    surplusSettle: () => 10_000 + Math.random() * 10_000,
    crowdSettle: () => 1_000 + Math.random() * 1_000,
    rekeyDeadline: 60_000,
    /** For an IKE SA that charon began before; later ones are the peer's, which may dial a standby. */
    purge: 10_000,
    /** The peer does not report its changes: after a refusal, charon dials about once a minute. */
    redial: ({ context }) =>
      context.failure?.retryable === false ? slowPauseMs() : pacedPauseMs(context, false),
    logSettle: 200,
    /**
     * charon gives up present paths after 20 s and waits for new ones forever; it gives up a dead
     * peer detection, which is the same task, in less than three minutes.
     */
    moveDeadline: ({ context }) => (context.pathMissing ? 30_000 : 300_000),
  },
});

/** The report of a path that carries other children; undefined if it carries the same ones. */
function changeOf(before: PathContext, after: PathContext): PathReport | undefined {
  const children = carriedBy(after);
  if (sameItems(carriedBy(before), children)) return undefined;
  return { type: "path.carries", path: after.path, children };
}

const nothing: readonly string[] = [];

function carriedBy({ carrying, pathMissing }: PathContext): readonly string[] {
  return pathMissing ? nothing : carrying;
}
