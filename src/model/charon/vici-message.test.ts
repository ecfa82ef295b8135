import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { connectionFromCr } from "../validation/connection-from-cr.ts";
import { messageFromConnection, messageFromSecretOf } from "./vici-message.ts";

const cr = {
  apiVersion: "ipman.dialo.ai/v1",
  kind: "IPSecConnection",
  metadata: { name: "cr" },
  spec: {
    name: "site",
    remoteAddr: "192.0.2.2",
    localAddr: "%any",
    localId: "us",
    remoteId: "them",
    secretRef: { name: "s", namespace: "default", key: "k" },
    extra: { proposals: "aes256-sha256-ecp256,aes128-sha256-modp2048", mobike: "no" },
    children: {
      key: {
        name: "another",
        local_ips: ["10.0.2.0/24"],
        remote_ips: ["10.0.1.0/24"],
        xfrm_ip: "10.0.2.1/24",
        vxlan_ip: "10.0.2.2/24",
        if_id: 7,
        ip_pools: {},
        extra: { start_action: "start", dpd_action: "restart", rekey_time: "1h", hw_offload: "no" },
      },
    },
  },
};

describe("a connection for charon", () => {
  const parsed = connectionFromCr(cr);
  assert.ok(parsed.ok);
  const connection = parsed.value;

  it("accepts the names of options in any case", () => {
    const spelled = structuredClone(cr);
    spelled.spec.extra = { Proposals: spelled.spec.extra.proposals, MOBIKE: "no" } as never;
    spelled.spec.children.key.extra = {
      Start_Action: "start",
      DPD_action: "restart",
      Rekey_Time: "1h",
      HW_offload: "no",
    } as never;
    const result = connectionFromCr(spelled);
    assert.ok(result.ok);
    assert.deepEqual(messageFromConnection(result.value), messageFromConnection(connection));
  });

  it("is loaded with children that charon does not start", () => {
    assert.deepEqual(messageFromConnection(connection), {
      site: {
        version: "2",
        proposals: ["aes256-sha256-ecp256", "aes128-sha256-modp2048"],
        rekey_time: "4h",
        reauth_time: "0s",
        dpd_delay: "10s",
        mobike: "no",
        remote_addrs: ["192.0.2.2"],
        local: { auth: "psk", id: "us" },
        remote: { auth: "psk", id: "them" },
        children: {
          key: {
            rekey_time: "1h",
            hw_offload: "no",
            mode: "tunnel",
            local_ts: ["10.0.2.0/24"],
            remote_ts: ["10.0.1.0/24"],
            if_id_in: "7",
            if_id_out: "7",
            start_action: "none",
            close_action: "none",
            dpd_action: "clear",
          },
        },
      },
    });
  });

  it("is loaded with a trap for the words of charon that mean one, unless the actor initiates", () => {
    const loadedWith = (start_action: string) => {
      const changed = structuredClone(cr);
      changed.spec.children.key.extra = { start_action } as never;
      const result = connectionFromCr(changed);
      assert.ok(result.ok);
      const message = messageFromConnection(result.value)["site"];
      const children = message?.["children"] as Record<string, { start_action: string }>;
      return [result.value.children[0]?.initiates, children["key"]?.start_action];
    };
    assert.deepEqual(loadedWith("Route"), [false, "trap"]);
    assert.deepEqual(loadedWith("trap|start"), [true, "none"]);
    assert.deepEqual(loadedWith("RESTART"), [true, "none"]);
    assert.deepEqual(loadedWith("clear"), [false, "none"]);
  });

  it("has the rekey time that charon 5.9.8 does not derive from a lifetime", () => {
    const limited = structuredClone(cr);
    limited.spec.children.key.extra = { life_time: "1h" } as never;
    const result = connectionFromCr(limited);
    assert.ok(result.ok);
    const { children } = messageFromConnection(result.value)["site"] as Record<string, object>;
    const { key } = children as Record<string, Record<string, unknown>>;
    assert.deepEqual([key?.["life_time"], key?.["rekey_time"]], ["1h", "3272"]);
  });

  it("has a secret with a marked id, whose only owner is the peer's identity", () => {
    assert.deepEqual(messageFromSecretOf(connection), {
      id: "ipman:site",
      type: "IKE",
      owners: ["them"],
    });
  });
});
