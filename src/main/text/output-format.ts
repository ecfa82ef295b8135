/** How a command prints its result: as text for people, or as a value for programs. */
export const outputFormats = ["text", "json", "yaml"] as const;

export type Output = (typeof outputFormats)[number];
