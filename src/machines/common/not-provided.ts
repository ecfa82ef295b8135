import { fromPromise } from "xstate";

/** Stands where the runtime's actor belongs; a machine that meets it was wired wrongly. */
export function notProvided<Output, Input>(name: string) {
  return fromPromise<Output, Input>(() => Promise.reject(new Error(`${name} is not provided`)));
}
