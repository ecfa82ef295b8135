import { stringify } from "yaml";

/** The addresses of the lab's two sites. */
export const sites = {
  node: { v4: "192.168.1.1", other: "192.168.1.9", v6: "fd00:1::1" },
  peer: { v4: "192.168.1.2", other: "192.168.1.3", v6: "fd00:1::2" },
} as const;

export const psk = "a-pre-shared-key-for-the-lab";

/** A child like that of the walk-through; `n` distinguishes children. */
export function childSpec(n = 2, changes: object = {}) {
  return {
    name: `child-${n}`,
    local_ips: [`10.0.${n}.0/24`],
    remote_ips: [`10.1.${n}.0/24`],
    xfrm_ip: `10.0.${n}.1/24`,
    vxlan_ip: `10.0.${n}.2/24`,
    if_id: 100 + n,
    ip_pools: { primary: [`10.0.${n}.3-10.0.${n}.9/24`] },
    extra: { esp_proposals: "aes256-sha256-ecp256", start_action: "start", dpd_action: "restart" },
    ...changes,
  };
}

/** An IPSecConnection of the lab. */
export function connectionSpec(name: string, changes: object = {}) {
  return {
    apiVersion: "ipman.dialo.ai/v1",
    kind: "IPSecConnection",
    metadata: { name },
    spec: {
      name,
      remoteAddr: sites.peer.v4,
      localAddr: sites.node.v4,
      localId: `node.${name}`,
      remoteId: `peer.${name}`,
      secretRef: { name: "ipsec-secret", namespace: "default", key: name },
      children: { "child-2": childSpec() },
      ...changes,
    },
  };
}

/** The Secret with the key of each named connection. */
export function secret(keys: Record<string, string>) {
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "ipsec-secret", namespace: "default" },
    stringData: keys,
  };
}

export function yaml(...documents: object[]): string {
  return documents.map((document) => `---\n${stringify(document)}`).join("");
}
