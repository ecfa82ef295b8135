import { childMachine } from "../../../src/machines/child/child.ts";
import { pathMachine } from "../../../src/machines/path/path.ts";
import type { Held } from "./replay.ts";

/** A path's machine whose actors are held, and which reports nothing. */
export function heldPath(held: Held) {
  return pathMachine.provide({
    actors: {
      child: held.actor() as never,
      load: held.actor(),
      initiateIke: held.actor(),
      terminateIke: held.actor(),
      endSurplus: held.actor(),
      withdrawKey: held.actor(),
      unload: held.actor(),
    },
    actions: {
      wantList: () => {},
      passTunnel: () => {},
      reportEnd: () => {},
      reportFailure: () => {},
      takeReport: () => {},
    },
  });
}

/** The same of a child's machine, or of a variant of it. */
export function heldChild(held: Held, machine = childMachine) {
  return machine.provide({
    actors: { initiate: held.actor(), terminate: held.actor(), rekey: held.actor() },
    actions: {
      listSas: () => {},
      reportTunnel: () => {},
      reportUp: () => {},
      reportDown: () => {},
    },
  });
}
