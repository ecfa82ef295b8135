import { own } from "./own.ts";

/**
 * Whether `actual` contains everything in `wanted`. The API server adds defaults and other clients
 * add fields of their own. Lists are compared as a whole.
 */
export function includes(actual: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted)) {
    // The server drops empty lists.
    if (wanted.length === 0 && actual === undefined) return true;
    if (!Array.isArray(actual) || actual.length !== wanted.length) return false;
    return wanted.every((item, i) => includes(actual[i], item));
  }
  if (typeof wanted === "object" && wanted !== null) {
    if (Object.keys(wanted).length === 0) return actual === undefined || isObject(actual);
    if (!isObject(actual)) return false;
    return Object.entries(wanted).every(([key, value]) => includes(own(actual, key), value));
  }
  // The server also drops false and empty strings if they are the default.
  return actual === wanted || (actual === undefined && (wanted === false || wanted === ""));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
