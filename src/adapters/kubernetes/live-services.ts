import { resourceTypes } from "./client/resource-type.ts";
import type { Wanted } from "./client/watch.ts";

/** Selects all Services; their class and annotations cannot be selected by the server. */
export const allServices: Wanted = { type: resourceTypes.Service };

/** Selects the EndpointSlices of all Services that have an address of their own. */
export const allEndpointSlices: Wanted = {
  type: resourceTypes.EndpointSlice,
  labelSelector: "!service.kubernetes.io/headless",
};
