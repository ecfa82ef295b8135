import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { failure, Reason } from "../../model/status/failure.ts";
import type { Status } from "../../model/status/status.ts";
import { statusText } from "./status-series.ts";

describe("the metric of key exchanges", () => {
  it("has the methods of each IKE SA and CHILD SA that is up", () => {
    const children = [
      { key: "rekeyed", state: "established", keyExchange: "CURVE_25519/ML_KEM_768" },
      { key: "first", state: "established", keyExchange: undefined },
    ];
    const conditions: unknown[] = [];
    const site = {
      id: "site",
      state: "established",
      keyExchange: "CURVE_25519",
      children,
      conditions,
    };
    const down = { ...site, id: "down", keyExchange: undefined, children: [] };
    const text = statusText({ connections: [site, down] } as unknown as Status);
    assert.deepEqual(text.match(/^ipman_key_exchange_info.*$/gm), [
      'ipman_key_exchange_info{connection="site",methods="CURVE_25519"} 1',
      'ipman_key_exchange_info{connection="site",child="rekeyed",methods="CURVE_25519/ML_KEM_768"} 1',
    ]);
  });
});

describe("the metric of children that are up", () => {
  const children = [
    { key: "up", state: "established", traffic: undefined },
    { key: "down", state: "negotiating", traffic: undefined },
    { key: "silent", state: "established", traffic: failure(Reason.NothingReceived, "") },
    { key: "broken", state: "established", traffic: failure(Reason.IntegrityMismatch, "") },
  ];

  it("is 0 for a child that carries nothing although its CHILD SA is up", () => {
    const connections = [{ id: "site", state: "established", children, conditions: [] }];
    const text = statusText({ connections } as unknown as Status);
    const values = [...text.matchAll(/^ipman_child_up\{.*child="(\w+)"\} (\d)$/gm)];
    assert.deepEqual(
      values.map(([, child, value]) => `${child} ${value}`),
      ["up 1", "down 0", "silent 1", "broken 0"],
    );
  });
});

describe("the metrics of paths", () => {
  const valuesOf = (name: string, connections: readonly object[]) => {
    const text = statusText({ connections } as unknown as Status);
    return text.match(new RegExp(`^${name}\\{.*$`, "gm")) ?? [];
  };

  it("have whether each one is active, and whether its IKE SA is up", () => {
    const paths = [
      { name: "main", role: "standby", state: "failed" },
      { name: "backup", role: "active", state: "rekeying" },
    ];
    const connections = [{ id: "site", state: "established", children: [], conditions: [], paths }];
    assert.deepEqual(valuesOf("ipman_path_(?:active|up)", connections), [
      'ipman_path_active{connection="site",path="main"} 0',
      'ipman_path_active{connection="site",path="backup"} 1',
      'ipman_path_up{connection="site",path="main"} 0',
      'ipman_path_up{connection="site",path="backup"} 1',
    ]);
  });

  it("have whether the peer has each limit", () => {
    const connections = [
      { id: "site", conditions: [{ type: "PeerKeepsOne", status: "True" }], paths: [{}, {}] },
      { id: "alone", conditions: [], paths: [] },
    ].map((one) => ({ ...one, state: "established", children: [] }));
    assert.deepEqual(valuesOf("ipman_connection_peer_limited", connections), [
      'ipman_connection_peer_limited{connection="site",limit="takes_last"} 0',
      'ipman_connection_peer_limited{connection="site",limit="keeps_one"} 1',
    ]);
  });

  it("have whether another one could take over, unless that is unknown or there is none", () => {
    const connections = (["True", "False", "Unknown", undefined] as const).map((status) => ({
      id: String(status),
      state: "established",
      children: [],
      conditions: status === undefined ? [] : [{ type: "Redundant", status }],
    }));
    assert.deepEqual(valuesOf("ipman_connection_redundant", connections), [
      'ipman_connection_redundant{connection="True"} 1',
      'ipman_connection_redundant{connection="False"} 0',
    ]);
  });
});
