import { assign, enqueueActions } from "xstate";
import { hasSeveralPaths } from "../../model/api/path.ts";
import { noLimits } from "../../model/status/peer-limits.ts";
import { sameItems } from "../../model/value/same-items.ts";
import { addressSetup } from "./address-setup.ts";
import {
  changedPaths,
  declarationOf,
  endsBy,
  hasPath,
  isChosen,
  partingId,
  pathsOf,
} from "./connection-facts.ts";
import { failoverId, pathActorId, type ConnectionContext } from "./connection-types.ts";
import {
  hasTwin,
  isHotStandby,
  isOfPaths,
  limitsBy,
  pathsEstablished,
  returnedTo,
} from "./peer-signs.ts";
import {
  arrived,
  clashed,
  clashesMs,
  closed,
  installationMs,
  momentEnded,
  momentMs,
  noSigns,
  suspicionMs,
} from "../common/signs.ts";

/** The ids of the timers. */
const timers = {
  moment: (path: string) => `moment ${path}`,
  clashes: "clashes",
  installation: "installation",
  suspicion: "suspicion",
} as const;

/**
 * The setup of the connection machine with the signs that the peer does not allow what the paths may have
 * at a time.
 */
export const peerSetup = addressSetup.extend({
  actions: {
    /** Begins the time after which clashes are forgotten. */
    countAgain: enqueueActions(({ enqueue }) => {
      enqueue.cancel(timers.clashes);
      enqueue.raise({ type: "clashes.ended" }, { delay: clashesMs, id: timers.clashes });
    }),
    /** Notes which paths have an IKE SA that had none before. */
    noteArrivals: enqueueActions(({ enqueue, context }) => {
      if (!hasSeveralPaths(context.connection)) return;
      const established = pathsEstablished(context);
      if (sameItems(established, context.established)) return;
      const came = established.filter((path) => !context.established.includes(path));
      const signs = came.reduce(arrived, context.signs);
      enqueue.assign({ established, signs });
      if (signs.clashes > context.signs.clashes) enqueue.raise({ type: "clash.counted" });
      for (const path of came) {
        enqueue.cancel(timers.moment(path));
        enqueue.raise({ type: "moment.ended", path }, { delay: momentMs, id: timers.moment(path) });
      }
    }),
    noteClosed: enqueueActions(({ enqueue, context, event }) => {
      if (event.type !== "path.closed" || !hasSeveralPaths(context.connection)) return;
      const { path } = event;
      const signs = closed(context.signs, path);
      enqueue.assign({ signs });
      if (signs.clashes > context.signs.clashes) enqueue.raise({ type: "clash.counted" });
      enqueue.cancel(timers.moment(path));
      enqueue.raise({ type: "moment.ended", path }, { delay: momentMs, id: timers.moment(path) });
    }),
    /** Counts a refusal to authenticate what the peer has accepted of another path. */
    noteRefused: enqueueActions(({ enqueue, context, event }) => {
      if (event.type !== "path.failed" || event.refused !== true) return;
      if (!hasTwin(context, event.path)) return;
      enqueue.assign({ signs: clashed(context.signs) });
      enqueue.raise({ type: "clash.counted" });
    }),
    endMoment: assign(({ context: { signs }, event }) =>
      event.type === "moment.ended" ? { signs: momentEnded(signs, event.path) } : {},
    ),
    forgetClashes: assign(({ context: { signs } }) => ({ signs: { ...signs, clashes: 0 } })),
    noteInstalled: enqueueActions(({ enqueue, context, event }) => {
      if (event.type !== "path.attracts" || !isHotStandby(context, event.path)) return;
      const { connection, answered, signs } = context;
      const isProbed = connection.children.some(({ probe }) => probe !== undefined);
      if (!isProbed || answered !== true) return;
      enqueue.assign({ signs: { ...signs, installed: event.path } });
      enqueue.cancel(timers.installation);
      enqueue.raise(
        { type: "installation.ended" },
        { delay: installationMs, id: timers.installation },
      );
    }),
    forgetInstalled: assign(({ context: { signs } }) => ({
      signs: { ...signs, installed: undefined },
    })),
    /** Suspects the hot standby that had a CHILD SA installed when the probe ceased to be answered. */
    suspect: enqueueActions(({ enqueue, context }) => {
      const { signs, answered } = context;
      const { installed, suspect = installed } = signs;
      if (answered !== false || installed === undefined) return;
      if (!isHotStandby(context, installed)) return;
      enqueue.assign({ signs: { ...signs, installed: undefined, suspect } });
      if (signs.suspect === undefined) enqueue.raise({ type: "suspicion.began" });
    }),
    /** A further sign does not lengthen the time, in which the verdict of the probes waits. */
    noteDrawn: enqueueActions(({ enqueue, context, event }) => {
      if (event.type !== "traffic.drawn" || !isHotStandby(context, event.path)) return;
      const { signs } = context;
      if (signs.suspect !== undefined) return;
      enqueue.assign({ signs: { ...signs, suspect: event.path } });
      enqueue.raise({ type: "suspicion.began" });
    }),
    /** Rekeys the CHILD SAs of the active path: a peer with policies uses those that were made last. */
    attract: enqueueActions(({ enqueue, context }) => {
      const { active } = context;
      if (hasPath(context, active)) enqueue.sendTo(pathActorId(active), { type: "attract" });
      enqueue.cancel(timers.suspicion);
      enqueue.raise({ type: "suspicion.ended" }, { delay: suspicionMs, id: timers.suspicion });
    }),
    endSuspicion: assign(({ context: { signs } }) => ({
      signs: { ...signs, suspect: undefined },
    })),
    /** Answers that returned with the rekey show the limit. */
    noteReturned: enqueueActions(({ enqueue, context, event }) => {
      const { signs } = context;
      const { suspect } = signs;
      if (suspect === undefined || !isHotStandby(context, suspect)) return;
      if (event.type !== "traffic.returned" && context.answered !== true) return;
      enqueue.cancel(timers.suspicion);
      enqueue.assign({ signs: { ...signs, suspect: undefined } });
      enqueue.raise({ type: "peer.limited", limits: returnedTo(context) });
    }),
    /** Has the standbys be what the peer allows. */
    limit: enqueueActions(({ enqueue, context }) => {
      const limits = limitsBy(context);
      if (limits !== context.limits) enqueue.raise({ type: "peer.limited", limits });
    }),
    takeLimits: enqueueActions(({ enqueue, context, event }) => {
      if (event.type !== "peer.limited") return;
      const next: ConnectionContext = { ...context, limits: event.limits };
      enqueue.assign({ limits: event.limits });
      if (!hasSeveralPaths(context.connection)) return;
      enqueue.sendTo(failoverId, { type: "paths.declared", ...declarationOf(next) });
      const isOne = event.limits.keepsOne !== undefined && context.limits.keepsOne === undefined;
      for (const { path, connection } of isOne ? standbysOf(next) : changedPaths(context, next)) {
        // A path that was left a moment ago has the form of an active one until then.
        enqueue.cancel(partingId(path));
        const ends = isOne ? "all" : endsBy(context, next, path);
        const changed = { type: "spec.changed", connection } as const;
        enqueue.sendTo(pathActorId(path), ends === undefined ? changed : { ...changed, ends });
      }
    }),
    /** A command may follow a change of the peer. */
    forgetPeer: enqueueActions(({ enqueue, context: { limits } }) => {
      enqueue.assign({ signs: noSigns });
      if (limits !== noLimits) enqueue.raise({ type: "peer.limited", limits: noLimits });
    }),
    /** Forgets the limits if the paths are declared in another way, which may be the remedy. */
    forgetFormerPeer: assign(({ context: { connection }, event }) =>
      event.type === "spec.changed" && isOfPaths(connection, event.connection)
        ? { limits: noLimits, signs: noSigns }
        : {},
    ),
  },
});

/** The paths that stand by. */
function standbysOf(context: ConnectionContext) {
  return pathsOf(context).filter(({ path }) => !isChosen(context, path) && hasPath(context, path));
}
