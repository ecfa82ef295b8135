import { intervalOf, overlap, parsePrefix, type Prefix } from "../net/prefix.ts";
import type { ProblemList } from "./problem-list.ts";
import type { ChildSpec } from "../api/schema/child.ts";
import { overlappingOwners } from "../net/overlapping-owners.ts";

type ChildEntries = readonly (readonly [key: string, ChildSpec])[];

/** Adds the problems of names, if_ids and networks that two children of a connection share. */
export function addSiblingProblems(children: ChildEntries, problems: ProblemList): void {
  addNameClashes(children, problems);
  addIfIdClashes(children, problems);
  addSelectorClashes(children, problems);
}

function addNameClashes(children: ChildEntries, problems: ProblemList): void {
  const owners = new Map<string, string>();
  for (const [key, { name }] of children) {
    const clash = [name, key].find((word) => owners.has(word));
    if (clash !== undefined) {
      const message = `"${clash}" is also the key or name of the child ${owners.get(clash)}: use unique keys and names`;
      problems.add(`spec.children.${key}.name`, message);
    }
    for (const word of [key, name]) if (!owners.has(word)) owners.set(word, key);
  }
}

function addIfIdClashes(children: ChildEntries, problems: ProblemList): void {
  const owners = new Map<number, string>();
  for (const [key, { if_id: ifId }] of children) {
    const owner = owners.get(ifId);
    if (owner === undefined) owners.set(ifId, key);
    else {
      const message = `${ifId} is also the if_id of ${owner}: use a different if_id for each child`;
      problems.add(`spec.children.${key}.if_id`, message);
    }
  }
}

/** The networks of a child, as text and parsed. */
type Networks = readonly { readonly text: string; readonly prefix: Prefix }[];

function addSelectorClashes(children: ChildEntries, problems: ProblemList): void {
  const local = children.map(([, child]) => networksOf(child.local_ips));
  const remote = children.map(([, child]) => networksOf(child.remote_ips));
  const sharesLocal = overlappingOwners(local.map(intervalsOf));
  const sharesRemote = overlappingOwners(remote.map(intervalsOf));
  for (const [i, [key]] of children.entries()) {
    for (const [j, [otherKey]] of children.slice(0, i).entries()) {
      if (!sharesLocal(i, j) || !sharesRemote(i, j)) continue;
      if (problems.isFull) {
        problems.omit(1);
        continue;
      }
      const from = firstOverlapping(local[i] as Networks, local[j] as Networks);
      const to = firstOverlapping(remote[i] as Networks, remote[j] as Networks);
      const message = `${from} to ${to} overlaps with the child ${otherKey}: the peer could not decide which tunnel to use`;
      problems.add(`spec.children.${key}.remote_ips`, message);
    }
  }
}

function networksOf(texts: readonly string[] = []): Networks {
  return texts.flatMap((text) => {
    const prefix = parsePrefix(text);
    return prefix === undefined ? [] : [{ text, prefix }];
  });
}

function intervalsOf(networks: Networks) {
  return networks.map(({ prefix }) => intervalOf(prefix));
}

function firstOverlapping(networks: Networks, others: Networks): string | undefined {
  return networks.find((one) => others.some((other) => overlap(one.prefix, other.prefix)))?.text;
}
