import { type ActorRefFrom, type SnapshotFrom } from "xstate";
import type { Connection } from "../../model/api/connection.ts";
import { hasSeveralPaths, pathNames } from "../../model/api/path.ts";
import { noLimits } from "../../model/status/peer-limits.ts";
import { viaOf } from "./connection-facts.ts";
import { peerSetup } from "./peer-setup.ts";
import { noSigns } from "../common/signs.ts";
import type { ForwardedEvent } from "./connection-types.ts";
import { noChoice } from "./path-choice.ts";

const states = ["pending", "negotiating", "established", "rekeying", "failed"] as const;

/** A state of the connection, which follows the path that carries its traffic. */
function following(state: (typeof states)[number], description: string) {
  const moves = states
    .filter((other) => other !== state)
    .map((to) => ({
      guard: { type: "activeIs" as const, params: { state: to } },
      target: `#connection.${to}` as const,
    }));
  return peerSetup.createStateConfig({ description, tags: state, always: moves });
}

const compareUp = { type: "compare", params: { list: "up" } } as const;
const compareReady = { type: "compare", params: { list: "ready" } } as const;
const compareAbsent = { type: "compare", params: { list: "absent" } } as const;
const compareLeaving = { type: "compare", params: { list: "leaving" } } as const;
const holdPackets = { type: "notifyGateways", params: { type: "hold" } } as const;
const releasePackets = { type: "notifyGateways", params: { type: "release" } } as const;
const forward = { actions: { type: "forward" } } as const;
const ofKey = { actions: [{ type: "takeKey" }, { type: "forward" }] } as const;
const ofSpec = [
  { type: "declareAddress" },
  { type: "forgetFormerPeer" },
  { type: "takeSpec" },
  { type: "startAddress" },
  { type: "startGateways" },
  { type: "startPaths" },
  compareAbsent,
  compareLeaving,
  compareUp,
  compareReady,
  { type: "passDecisions" },
] as const;
/** The facts about other groups have changed. */
const ofGroup = [
  { type: "noteGroup" },
  compareAbsent,
  compareLeaving,
  compareUp,
  compareReady,
  { type: "noteArrivals" },
] as const;
const ofDecision = [
  { type: "moveAddress" },
  { type: "noteDecision" },
  { type: "takeDecision" },
  compareUp,
] as const;
const notifyFailover = { actions: { type: "notifyFailover" } } as const;

/** The events that the paths handle. A wildcard would also take the exceptions of the actors below. */
const forwarded: Readonly<Record<ForwardedEvent["type"], object>> = {
  "charon.ready": { actions: [{ type: "noteCharon" }, { type: "forward" }] },
  "charon.lost": {
    actions: [{ type: "noteCharon" }, { type: "forward" }, { type: "suspendChoice" }],
  },
  "secret.changed": ofKey,
  "secret.missing": ofKey,
  "secret.refused": ofKey,
  "sas.listed": forward,
  "peer.notified": forward,
  "rekey.refused": forward,
  "lifetime.hasty": forward,
  "path.missing": forward,
  "configuration.lost": forward,
  restart: { actions: [{ type: "renewActive" }, { type: "forgetPeer" }, { type: "forward" }] },
};

function preferredOf(connection: Connection): string {
  return pathNames(connection)[0] as string;
}

/**
 * One IPSecConnection: its paths to the peer, and the gateways of its children. An exception in one of
 * them stops the connection's actor, which the runtime starts again.
 */
export const connectionMachine = peerSetup.createMachine({
  id: "connection",
  context: ({ input }) => ({
    ...input,
    paths: [],
    active: preferredOf(input.connection),
    dialled: undefined,
    via: viaOf({
      connection: input.connection,
      active: preferredOf(input.connection),
      dialled: undefined,
    }),
    dials: !hasSeveralPaths(input.connection),
    chosen: !hasSeveralPaths(input.connection),
    choice: noChoice,
    limits: noLimits,
    signs: noSigns,
    established: [],
    answered: undefined,
    tunnels: [],
    gateways: [],
  }),
  entry: [
    { type: "startAddress" },
    { type: "startGateways" },
    { type: "startPaths" },
    { type: "startFailover" },
  ],
  initial: "pending",
  on: {
    "sas.wanted": { actions: { type: "wantList" } },
    "tunnel.changed": { actions: { type: "takeTunnel" } },
    "child.ended": { actions: [{ type: "forgetTunnel" }, { type: "endGateway" }] },
    "endpoints.changed": { actions: { type: "takeEndpoints" } },
    "spec.changed": [
      {
        guard: "choiceEnds",
        actions: [...ofSpec, { type: "moveGateways" }, { type: "giveEndpoints" }],
      },
      { guard: "gatewaysMove", actions: [...ofSpec, { type: "moveGateways" }] },
      { actions: ofSpec },
    ],
    "path.carries": {
      actions: [
        { type: "takeCarried" },
        { type: "releaseCarried" },
        { type: "awaitRest" },
        compareUp,
      ],
    },
    "peers.silent": {
      actions: [{ type: "noteSilent" }, compareUp, compareReady],
    },
    "handover.announced": { actions: { type: "dialAwaited" } },
    "handover.ended": {
      actions: [{ type: "endHandover" }, { type: "moveGateways" }, releasePackets],
    },
    "path.settled": { actions: [{ type: "noteSettled" }, compareUp] },
    "path.failed": { actions: [{ type: "notifyFailover" }, { type: "noteRefused" }] },
    "path.closed": { actions: { type: "noteClosed" } },
    "path.attracts": { actions: { type: "noteInstalled" } },
    "peer.limited": { actions: { type: "takeLimits" } },
    "moment.ended": { actions: { type: "endMoment" } },
    "clash.counted": { actions: [{ type: "countAgain" }, { type: "limit" }] },
    "clashes.ended": { actions: { type: "forgetClashes" } },
    "installation.ended": { actions: { type: "forgetInstalled" } },
    "traffic.drawn": { actions: { type: "noteDrawn" } },
    "suspicion.began": { actions: { type: "attract" } },
    "traffic.returned": { actions: { type: "noteReturned" } },
    "suspicion.ended": { actions: [{ type: "endSuspicion" }, { type: "passVerdict" }] },
    "probes.judged": {
      actions: [
        { type: "noteVerdict" },
        { type: "suspect" },
        { type: "passVerdict" },
        { type: "noteReturned" },
      ],
    },
    move: notifyFailover,
    "path.decided": [
      {
        guard: "isFirstChoice",
        actions: [...ofDecision, { type: "moveGateways" }, { type: "giveEndpoints" }],
      },
      {
        guard: "switches",
        actions: [...ofDecision, { type: "moveGateways" }, holdPackets],
      },
      { actions: [...ofDecision, holdPackets, releasePackets] },
    ],
    "beat.heard": {
      guard: "isNewBeat",
      actions: [
        { type: "announceAgain" },
        { type: "reclaimAddress" },
        { type: "passFailed" },
        ...ofGroup,
        { type: "passDecisions" },
      ],
    },
    "group.absent": { actions: ofGroup },
    "group.present": { actions: ofGroup },
    "group.leaves": { actions: [{ type: "noteLeaving" }, compareLeaving] },
    "peers.known": { actions: { type: "notePeers" } },
    "sas.complete": { actions: { type: "resumeChoice" } },
    "path.left": { actions: { type: "endLeft" } },
    "xstate.snapshot.path.*": {
      guard: "isNews",
      actions: [{ type: "takeState" }, compareReady, { type: "noteArrivals" }],
    },
    "address.held": { actions: { type: "noteHeld" } },
    "address.left": { actions: { type: "noteLeft" } },
    "address.refused": { actions: { type: "noteUnavailable" } },
    "xstate.done.actor.address": {
      // Started again if an address was declared again while it ended.
      actions: [{ type: "forgetAddress" }, { type: "startAddress" }],
    },
    "xstate.done.actor.path.*": {
      // Started again if it was declared again while it ended.
      actions: [{ type: "forgetPath" }, { type: "startPaths" }],
    },
    "xstate.done.actor.gateway.*": {
      actions: [{ type: "forgetGateway" }, { type: "startGateways" }],
    },
    delete: { target: ".terminating" },
    ...forwarded,
  },
  states: {
    pending: following("pending", "The active path lacks something; its failure names it."),
    negotiating: following("negotiating", "The active path negotiates with the peer."),
    established: following("established", "The active path has an IKE SA."),
    rekeying: following("rekeying", "A new IKE SA replaces the old one, which still works."),
    failed: following("failed", "charon or the peer refused; the active path's failure says why."),
    terminating: {
      description: "The connection was deleted: its SAs, secret and gateways are removed.",
      tags: "terminating",
      initial: "paths",
      entry: { type: "forward" },
      on: {
        "xstate.done.actor.path.*": { actions: { type: "forgetPath" } },
        "xstate.done.actor.gateway.*": { actions: { type: "forgetGateway" } },
        "xstate.done.actor.address": { actions: { type: "forgetAddress" } },
        "address.held": {},
        "address.refused": {},
        "spec.changed": {},
        "path.decided": {},
        "path.left": {},
        "handover.announced": {},
        "handover.ended": {},
        delete: {},
      },
      states: {
        paths: {
          description: "Each path terminates its SAs and is removed from charon.",
          always: { guard: "pathless", target: "address" },
        },
        address: {
          description: "The node gives up the floating address, if there is one.",
          entry: { type: "stopAddress" },
          always: { guard: "addressless", target: "gateways" },
        },
        gateways: {
          entry: { type: "endGateways" },
          always: { guard: "gatewayless", target: "#connection.gone" },
        },
      },
    },
    gone: { type: "final", tags: "terminating" },
  },
});

/** The actor of a connection. */
export type ConnectionActor = ActorRefFrom<typeof connectionMachine>;

export type ConnectionSnapshot = SnapshotFrom<typeof connectionMachine>;
