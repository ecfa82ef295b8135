import { fromPromise } from "xstate";

/** A placeholder for an actor that the runtime provides; it rejects when it is invoked. */
export function notProvided<Output, Input>(name: string) {
  return fromPromise<Output, Input>(() => Promise.reject(new Error(`${name} is not provided`)));
}
