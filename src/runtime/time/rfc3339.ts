/** A time in the format of an object's status, in seconds: `2026-11-23T15:04:05Z`. */
export function rfc3339(ms = Date.now()): string {
  return new Date(ms).toISOString().replace(/\.\d+/, "");
}
