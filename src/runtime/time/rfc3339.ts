/** A moment as the status of an object has it, to the second: `2026-11-23T15:04:05Z`. */
export function rfc3339(ms = Date.now()): string {
  return new Date(ms).toISOString().replace(/\.\d+/, "");
}
