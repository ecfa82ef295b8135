/** JSON in which addresses, whose values are bigints, survive the way there and back. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    typeof member === "bigint" ? { $bigint: member.toString() } : member,
  );
}

/** What {@link toJson} wrote. */
export function fromJson(text: string): unknown {
  return JSON.parse(text, (_, member: unknown) =>
    typeof member === "object" && member !== null && "$bigint" in member
      ? BigInt(String(member.$bigint))
      : member,
  );
}
