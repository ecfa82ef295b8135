import { assign, enqueueActions } from "xstate";
import { hasSeveralPaths } from "../../model/api/path.ts";
import { changesOf, pathsReady, pathsUp, settlingId, verdictOf } from "./connection-facts.ts";
import { connectionSetup } from "./connection-setup.ts";
import { failoverId, gatewayActorId } from "./connection-types.ts";
import {
  decisionOf,
  failedSince,
  groupsAfter,
  mayAttract,
  pathsAbsent,
  pathsLeaving,
} from "./elsewhere.ts";
import { carries } from "./handover.ts";
import { choiceWith } from "./path-choice.ts";

/** The lists of paths that the actor that chooses knows. */
const lists = {
  up: { pathsOf: pathsUp, notices: ["path.up", "path.down"] },
  ready: { pathsOf: pathsReady, notices: ["path.ready", "path.unready"] },
  absent: { pathsOf: pathsAbsent, notices: ["path.absent", "path.present"] },
  leaving: { pathsOf: pathsLeaving, notices: ["path.leaves", "path.stays"] },
} as const;

/** The setup of the connection machine with the reports to the actor that chooses a path. */
export const choiceSetup = connectionSetup.extend({
  actions: {
    /** Gives the other children of a path a moment to come up, before it counts as up without them. */
    awaitRest: enqueueActions(({ enqueue, context: { connection, choice }, event }) => {
      if (event.type !== "path.carries" || connection.here === undefined) return;
      const { path } = event;
      const settled = choice.settled.filter((other) => other !== path);
      enqueue.assign({ choice: choiceWith(choice, { settled }) });
      enqueue.cancel(settlingId(path));
      if (event.children.length > 0)
        enqueue.raise({ type: "path.settled", path }, { delay: "settling", id: settlingId(path) });
    }),
    noteSilent: assign(({ context: { choice }, event }) =>
      event.type === "peers.silent" ? { choice: choiceWith(choice, { silent: event.paths }) } : {},
    ),
    noteSettled: assign(({ context: { choice }, event }) =>
      event.type === "path.settled"
        ? { choice: choiceWith(choice, { settled: [...choice.settled, event.path] }) }
        : {},
    ),
    /** Reports to the actor that chooses which paths were added to one of the lists, or left it. */
    compare: enqueueActions(({ enqueue, context }, { list }: { list: keyof typeof lists }) => {
      const { pathsOf: present, notices } = lists[list];
      const paths = present(context);
      const changes = changesOf(context.choice[list], paths, notices);
      if (changes.length === 0 || !hasSeveralPaths(context.connection)) return;
      enqueue.assign({ choice: choiceWith(context.choice, { [list]: paths }) });
      for (const change of changes) enqueue.sendTo(failoverId, change);
    }),
    noteLeaving: assign(({ context: { choice }, event }) =>
      event.type === "group.leaves" ? { choice: choiceWith(choice, { leaves: event.leaves }) } : {},
    ),
    /** Workers follow the gateway that announced itself last, which may be that of another group. */
    announceAgain: enqueueActions(({ enqueue, context, event }) => {
      if (!carries(context) || !mayAttract(context.choice, event)) return;
      for (const key of context.gateways) enqueue.sendTo(gatewayActorId(key), { type: "announce" });
    }),
    noteGroup: assign(({ context: { choice }, event }) => ({
      choice: choiceWith(choice, { groups: groupsAfter(choice.groups, event) }),
    })),
    /** Reports the attempts elsewhere that failed since the last report of their group. */
    passFailed: enqueueActions(({ enqueue, context, event }) => {
      if (event.type !== "beat.heard") return;
      for (const path of failedSince(context, event))
        enqueue.sendTo(failoverId, { type: "path.failed", path });
    }),
    /** Passes the decision of a group, or again those of all after another declaration. */
    passDecisions: enqueueActions(({ enqueue, context, event }) => {
      if (!hasSeveralPaths(context.connection)) return;
      const from = "group" in event ? [event.group] : Object.keys(context.choice.groups);
      for (const decision of from.map((group) => decisionOf(context, group)))
        if (decision !== undefined) enqueue.sendTo(failoverId, decision);
    }),
    notePeers: enqueueActions(({ enqueue, context, event }) => {
      enqueue.assign({ choice: choiceWith(context.choice, { peersKnown: true }) });
      if (event.type === "peers.known" && hasSeveralPaths(context.connection))
        enqueue.sendTo(failoverId, event);
    }),
    notifyFailover: enqueueActions(({ enqueue, context, event }) => {
      if (!hasSeveralPaths(context.connection)) return;
      if (event.type === "path.failed" || event.type === "move") enqueue.sendTo(failoverId, event);
    }),
    /** Passes the verdict of the probes, which concerns the active path. */
    passVerdict: enqueueActions(({ enqueue, context: { connection, active }, event }) => {
      if (event.type !== "probes.judged" || !hasSeveralPaths(connection)) return;
      const type = verdictOf(event.answered);
      enqueue.sendTo(failoverId, { type, path: active });
    }),
    renewActive: enqueueActions(({ enqueue, context: { connection, active } }) => {
      if (hasSeveralPaths(connection))
        enqueue.sendTo(failoverId, { type: "path.renewed", path: active });
    }),
  },
});
