import { isDeepStrictEqual } from "node:util";
import { pathActorId } from "../../machines/connection/connection-types.ts";
import type { PathFacts } from "../../model/status/status.ts";
import type { ShownSnapshot } from "./wire.ts";

/** A path of another node, shown like an actor below its connection. */
export interface ShownElsewhere {
  /** The id that an actor of the path has on its own node. */
  readonly name: string;
  readonly path: string;
  /** Whether it was not shown before. */
  readonly isNew: boolean;
  readonly snapshot: ShownSnapshot;
}

/**
 * The paths of a connection that are on other nodes. Their actors are in the processes of other agents;
 * this agent knows what those report.
 */
export class PathsElsewhere {
  #shown: ReadonlyMap<string, PathFacts> = new Map();

  /** The paths that differ from the last call; the snapshot of one that is gone is not active. */
  changes(paths: readonly PathFacts[]): ShownElsewhere[] {
    const before = this.#shown;
    const now = new Map(
      paths.filter(({ elsewhere }) => elsewhere).map((path) => [path.name, path]),
    );
    this.#shown = now;
    const gone = [...before.values()].filter(({ name }) => !now.has(name));
    const changed = [...now.values()].filter(
      (path) => !isDeepStrictEqual(path, before.get(path.name)),
    );
    return [
      ...gone.map((path) => shown(path, "stopped", false)),
      ...changed.map((path) => shown(path, "active", !before.has(path.name))),
    ];
  }
}

function shown(path: PathFacts, status: string, isNew: boolean): ShownElsewhere {
  const { name, state, node, role, standby, remote, failure } = path;
  const snapshot: ShownSnapshot = {
    status,
    value: state,
    publicState: state,
    context: { path: name, node, role, standby, remote, failure },
    children: {},
    elsewhere: true,
  };
  return { name: pathActorId(name), path: name, isNew, snapshot };
}
