import assert from "node:assert/strict";
import { pathConnections } from "../../src/model/api/path.ts";
import type { IkeSa } from "../../src/model/charon/sa.ts";
import { gatewaySnapshotOf, pathNamed } from "../../src/runtime/actors/snapshots.ts";
import { connectionActor } from "./connection-harness.ts";
import { childSa, connectionOf, gateway, ikeSa } from "./fixtures.ts";

/** The spec of a connection with two paths that stand by in that way. */
export const standingBy = (standby: string) => ({
  paths: [
    { name: "main", standby },
    { name: "backup", remoteAddr: "192.0.2.9", standby },
  ],
});

/** The spec of a connection with two paths, of which one has SAs at a time. */
export const two = standingBy("cold");
const backup = pathConnections(connectionOf(two))[1]?.connection;
/** The if_id of the child by the path backup. */
export const derived = backup?.children[0]?.ifId ?? 0;

/**
 * A connection's actor with recorded effects.
 *
 * @param changes changes to its spec
 * @param listed the SAs of the path backup in charon's first list, if there is one yet
 */
export async function harness(
  changes: object = two,
  listed: readonly IkeSa[] | "no list yet" = [],
) {
  const connection = connectionOf(changes);
  const charonReady = listed !== "no list yet";
  const { actor, calls, clock, rest, send, snapshot } = connectionActor(connection, charonReady);
  const switches: string[] = [];
  let lists = 0;
  actor.on("sas.wanted", () => void lists++);
  actor.on("path.switched", ({ from, to, cause }) => switches.push(`${from} ${to} ${cause}`));
  actor.start();
  const wait = async (milliseconds: number) => {
    clock.increment(milliseconds);
    await rest();
  };
  const list = (path: string, ...ikeSas: ReturnType<typeof ikeSa>[]) =>
    send({ type: "sas.listed", path, ikeSas });
  await send({
    type: "endpoints.changed",
    endpoints: new Map([["child-2", { gateway, workers: [] }]]),
  });
  const gatewayHas = () => gatewaySnapshotOf(snapshot(), "child-2")?.context.gateway?.id;
  if (connection.paths.length > 1 && listed !== "no list yet") {
    assert.equal(gatewayHas(), undefined);
    await list("backup", ...listed);
    await send({ type: "sas.complete" });
  }
  if (listed !== "no list yet") assert.equal(gatewayHas(), gateway.id);
  const tunnels = () => gatewaySnapshotOf(snapshot(), "child-2")?.context.tunnels;
  /** Whether the child of a path initiates. */
  const initiates = (name: string) =>
    pathNamed(snapshot(), name)?.getSnapshot().context.connection.children[0]?.initiates;
  return {
    lists: () => lists,
    calls,
    rest,
    gatewayHas,
    send,
    list,
    wait,
    snapshot,
    switches,
    tunnels,
    initiates,
  };
}

/** The SAs of the path backup. */
export const viaBackup = (changes: object = {}) =>
  ikeSa({
    connection: "site/backup",
    uniqueId: "8",
    remoteHost: "192.0.2.9",
    children: [childSa({ uniqueId: "2", ifId: derived, remoteHost: "192.0.2.9" })],
    ...changes,
  });

/** A connection's actor with recorded effects. */
export type Harness = Awaited<ReturnType<typeof harness>>;

/** The IKE SA of the path backup without a CHILD SA. */
export const childless = (changes: object = {}) => viaBackup({ children: [], ...changes });

/** A connection whose path main is active, and whose path backup has an IKE SA. */
export async function warm(): Promise<Harness> {
  const made = await harness(standingBy("warm"));
  await made.list("main", ikeSa());
  await made.list("backup", childless());
  return made;
}
