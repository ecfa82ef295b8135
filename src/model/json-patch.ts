/** Operations of RFC 6902, as far as they are used. */
export type PatchOperation = ValueOperation | { readonly op: "remove"; readonly path: string };

export interface ValueOperation {
  readonly op: "add" | "replace" | "test";
  readonly path: string;
  readonly value: unknown;
}

/** RFC 6901. */
export function pointer(...steps: readonly string[]): string {
  return steps.map((step) => `/${step.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/** Absent: the API server takes what is not there for null. */
export function testOf(path: string, value: unknown): PatchOperation {
  return { op: "test", path, value: value ?? null };
}
