import type { PathFacts } from "../model/status/status.ts";
import type { Actor } from "./actors.ts";

/** The facts about a path among several of its connection; undefined for every other actor. */
export function pathOf({ machine, name, parent }: Actor): PathFacts | undefined {
  if (machine !== "path") return undefined;
  return parent?.paths.find((path) => name === `path.${path.name}`);
}

/** The role of a path in a few letters, for lists: `active`, `warm on node-b`. */
export function shortRole(path: PathFacts): string {
  return `${path.role === "standby" ? path.standby : path.role}${onNode(path)}`;
}

/** The role of a path, and the source of what is shown; an agent that is not heard is its failure. */
export function longRole(path: PathFacts): string {
  const { role, standby, elsewhere, absent, silent } = path;
  const as = role === "standby" ? `${standby} standby` : `${role} path`;
  const source = elsewhere && !absent ? ", as the agent there reports" : "";
  const peer = silent ? "; its peer does not answer" : "";
  return `${as}${onNode(path)}${source}${peer}`;
}

function onNode({ node }: PathFacts): string {
  return node === undefined ? "" : ` on ${node}`;
}
