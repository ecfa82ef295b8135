/** The API group of every resource and annotation. */
export const apiGroup = "ipman.dialo.ai";

/** `apiVersion` of the custom resources. */
export const apiVersion = `${apiGroup}/v1`;
