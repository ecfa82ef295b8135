import { type ActorRefFrom, type SnapshotFrom } from "xstate";
import { connectionSetup } from "./connection-setup.ts";
import type { ForwardedEvent } from "./connection-types.ts";

const states = ["pending", "negotiating", "established", "rekeying", "failed"] as const;

/** A state of the connection, which follows the path that carries its traffic. */
function following(state: (typeof states)[number], description: string) {
  const moves = states
    .filter((other) => other !== state)
    .map((to) => ({
      guard: { type: "pathIs" as const, params: { state: to } },
      target: `#connection.${to}` as const,
      actions: { type: "takeFailure" as const },
    }));
  const stays = { guard: "failureIsNew", actions: { type: "takeFailure" } } as const;
  return connectionSetup.createStateConfig({
    description,
    tags: state,
    on: { "xstate.snapshot.path.*": [...moves, stays] },
  });
}

const forward = { actions: { type: "forward" } } as const;

/** The events that the paths handle. A wildcard would also take the exceptions of the actors below. */
const forwarded: Readonly<Record<ForwardedEvent["type"], typeof forward>> = {
  "charon.ready": forward,
  "charon.lost": forward,
  "secret.changed": forward,
  "secret.missing": forward,
  "secret.refused": forward,
  "sas.listed": forward,
  "peer.notified": forward,
  "rekey.refused": forward,
  "lifetime.hasty": forward,
  "path.missing": forward,
  "configuration.lost": forward,
  restart: forward,
};

/**
 * One IPSecConnection: its paths to the peer, and the gateways of its children. An exception in one of
 * them stops the connection's actor, which the runtime starts again.
 */
export const connectionMachine = connectionSetup.createMachine({
  id: "connection",
  context: ({ input: { connection, endpoints, ...facts } }) => ({
    connection,
    facts,
    failure: undefined,
    endpoints,
    paths: [],
    gateways: [],
  }),
  entry: [{ type: "startGateways" }, { type: "startPath" }],
  initial: "pending",
  on: {
    "sas.wanted": { actions: { type: "wantList" } },
    "tunnel.changed": { actions: { type: "takeTunnel" } },
    "child.ended": { actions: { type: "endGateway" } },
    "endpoints.changed": { actions: { type: "takeEndpoints" } },
    "spec.changed": {
      actions: [{ type: "takeSpec" }, { type: "startGateways" }, { type: "forward" }],
    },
    "xstate.done.actor.path.*": { actions: { type: "forgetPath" } },
    "xstate.done.actor.gateway.*": {
      // Started again if its child was declared again while it ended.
      actions: [{ type: "forgetGateway" }, { type: "startGateways" }],
    },
    delete: { target: ".terminating" },
    ...forwarded,
  },
  states: {
    pending: following("pending", "The path lacks something; its failure names it."),
    negotiating: following("negotiating", "The path negotiates with the peer."),
    established: following("established", "The path has an IKE SA."),
    rekeying: following("rekeying", "A new IKE SA replaces the old one, which still works."),
    failed: following("failed", "charon or the peer refused; the path's failure says why."),
    terminating: {
      description: "The connection was deleted: its SAs, secret and gateways are removed.",
      tags: "terminating",
      initial: "paths",
      entry: { type: "forward" },
      on: {
        "xstate.done.actor.gateway.*": { actions: { type: "forgetGateway" } },
        "spec.changed": {},
        delete: {},
      },
      states: {
        paths: {
          description: "Each path terminates its SAs and is removed from charon.",
          always: { guard: "pathless", target: "gateways" },
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
