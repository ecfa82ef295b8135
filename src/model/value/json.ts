/** JSON that preserves bigints, such as the values of addresses. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    typeof member === "bigint" ? { $bigint: member.toString() } : member,
  );
}

/** Parses the output of {@link toJson}. */
export function fromJson(text: string): unknown {
  return JSON.parse(text, (_, member: unknown) =>
    typeof member === "object" && member !== null && "$bigint" in member
      ? BigInt(String(member.$bigint))
      : member,
  );
}
