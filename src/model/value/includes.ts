import { own } from "./own.ts";

/**
 * True where `actual` holds everything that `wanted` says: the API server adds defaults,
 * and others add fields of their own. Lists count as wholes.
 */
export function includes(actual: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted)) {
    // The server drops what is empty.
    if (wanted.length === 0 && actual === undefined) return true;
    if (!Array.isArray(actual) || actual.length !== wanted.length) return false;
    return wanted.every((item, i) => includes(actual[i], item));
  }
  if (typeof wanted === "object" && wanted !== null) {
    if (Object.keys(wanted).length === 0) return actual === undefined || isObject(actual);
    if (!isObject(actual)) return false;
    return Object.entries(wanted).every(([key, value]) => includes(own(actual, key), value));
  }
  // It drops false and empty texts too, where those are the default.
  return actual === wanted || (actual === undefined && (wanted === false || wanted === ""));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
