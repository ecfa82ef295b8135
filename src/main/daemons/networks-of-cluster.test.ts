import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatPrefix, parsePrefix, type Prefix } from "../../model/net/prefix.ts";
import { networksOfCluster } from "./networks-of-cluster.ts";

const inPod = { KUBERNETES_SERVICE_HOST: "10.96.0.1" };
const networks = (declared: string[], environment: object, servers: string[]) =>
  networksOfCluster(
    declared.map((text) => parsePrefix(text) as Prefix),
    environment as NodeJS.ProcessEnv,
    servers,
  ).map(formatPrefix);

describe("the networks of a cluster", () => {
  it("are the declared ones and the addresses of API server and DNS, in one order", () => {
    const found = ["10.244.0.0/16", "10.96.0.1/32", "10.96.0.10/32", "fd00::a/128"];
    assert.deepEqual(networks(["10.244.0.0/16"], inPod, ["fd00::a", "10.96.0.10"]), found);
    assert.deepEqual(networks(["10.244.0.0/16"], inPod, ["10.96.0.10", "fd00::a"]), found);
  });

  it("include an address that a declared network contains only once", () => {
    assert.deepEqual(networks(["10.96.0.0/12"], inPod, ["10.96.0.10"]), ["10.96.0.0/12"]);
  });

  it("do not include an API server that has a name", () => {
    const named = { KUBERNETES_SERVICE_HOST: "api.example.org" };
    assert.deepEqual(networks([], named, ["10.96.0.10"]), ["10.96.0.10/32"]);
  });

  it("are the declared ones alone outside a cluster", () => {
    assert.deepEqual(networks(["10.244.0.0/16"], {}, ["192.168.1.1"]), ["10.244.0.0/16"]);
  });
});
