import { Type } from "typebox";
import type { Problem, Result } from "../api/result.ts";
import { annotation } from "../kubernetes/labels.ts";
import { mostListed, type Annotations } from "../kubernetes/pod-attachments.ts";
import { shapeProblems } from "../validation/schema-problems.ts";

const text = (maxLength: number) => Type.String({ minLength: 1, maxLength });

/** An entry of the list, whose members are named like the annotations of a pod's only attachment. */
const Entry = Type.Object(
  {
    ipmanName: text(253),
    childName: text(63),
    poolName: text(63),
    address: Type.Optional(text(45)),
    keepAddress: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);

type Entry = Type.Static<typeof Entry>;

/** The annotation as a member, so that the paths of problems begin with its name. */
const Schema = Type.Object({
  [annotation.attachments]: Type.Array(Entry, { minItems: 1, maxItems: mostListed }),
});

/**
 * Reads the list of attachments that a pod requests: for each the annotations that would request it
 * alone.
 */
export function parseAttachments(list: string): Result<readonly Annotations[]> {
  const value = parsed(list);
  if (value === undefined) return { ok: false, problems: [malformed] };
  const problems = shapeProblems(Schema, { [annotation.attachments]: value });
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, value: (value as Entry[]).map(annotationsOf) };
}

const malformed: Problem = {
  path: annotation.attachments,
  message: `is not JSON; write a list like [{"ipmanName":"…","childName":"…","poolName":"…"}]`,
};

function annotationsOf(entry: Entry): Annotations {
  const { ipmanName, childName, poolName, address, keepAddress } = entry;
  return {
    [annotation.connection]: ipmanName,
    [annotation.child]: childName,
    [annotation.pool]: poolName,
    ...(address !== undefined && { [annotation.address]: address }),
    ...(keepAddress === true && { [annotation.keepAddress]: "true" }),
  };
}

/** Undefined for text that is not JSON. */
function parsed(list: string): unknown {
  try {
    return JSON.parse(list);
  } catch {
    return undefined;
  }
}
