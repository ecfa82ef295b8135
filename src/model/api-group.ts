/** The API group of every resource and annotation. */
export const apiGroup = "ipman.dialo.ai";

/** `apiVersion` of the custom resources. */
export const apiVersion = `${apiGroup}/v1`;

/** What pods carry: the first three in, the others out. */
export const annotation = {
  childName: `${apiGroup}/childName`,
  ipmanName: `${apiGroup}/ipmanName`,
  poolName: `${apiGroup}/poolName`,
  vxlanIp: `${apiGroup}/vxlanIp`,
  xfrmIp: `${apiGroup}/xfrmIp`,
  interfaceId: `${apiGroup}/interfaceId`,
  localIps: `${apiGroup}/localIps`,
  remoteIps: `${apiGroup}/remoteIps`,
  xfrmUnderlyingIp: `${apiGroup}/xfrmUnderlyingIp`,
} as const;
