import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { KubeClient } from "../../../adapters/kubernetes/client/kube-client.ts";
import type { ServiceAddresses } from "../../../model/addresses/connection-reservations.ts";
import type { KubeObject } from "../../../model/kubernetes/kube-object.ts";
import { requireGone } from "./require-gone.ts";

function service(name: string, uid?: string): KubeObject {
  const metadata = { name, namespace: "shop", ...(uid !== undefined && { uid }) };
  return { apiVersion: "v1", kind: "Service", metadata };
}

const viewOf = (...objects: readonly KubeObject[]) => ({
  objects: new Map(objects.map((object) => [`shop/${object.metadata.name}`, object])),
});

/** An API server with these Services, and the selectors of its lists. */
function serverWith(...objects: readonly KubeObject[]) {
  const lists: string[] = [];
  const list: KubeClient["list"] = async (
    _,
    { namespace = "*" },
    { fieldSelector = "*" },
    each,
  ) => {
    lists.push(`${namespace} ${fieldSelector}`);
    for (const object of objects)
      if (["*", `metadata.name=${object.metadata.name}`].includes(fieldSelector)) each(object);
    return "1";
  };
  return { client: { list }, lists };
}

const owned = (name: string, uid: string): ServiceAddresses => ({
  "10.0.2.10": [{ service: `shop/${name}`, uid }],
});

describe("the owners of addresses that a view does not have", () => {
  it("are not looked up if the view has them, or has them without a request", async () => {
    const { client, lists } = serverWith();
    await requireGone(owned("a", "1"), viewOf(service("a", "1")), client);
    await requireGone(owned("a", "1"), viewOf(service("a")), client);
    assert.deepEqual(lists, []);
  });

  it("are gone if the server has none of their name or a later one", async () => {
    await requireGone(owned("a", "1"), viewOf(), serverWith().client);
    const { client, lists } = serverWith(service("a", "2"));
    await requireGone(owned("a", "1"), viewOf(service("a", "2")), client);
    assert.deepEqual(lists, ["shop metadata.name=a"]);
  });

  it("are not gone if the view lags: it has none, or an earlier one of their name", async () => {
    const { client } = serverWith(service("a", "2"));
    const message = /view of Services does not have shop\/a yet/;
    await assert.rejects(requireGone(owned("a", "2"), viewOf(), client), message);
    await assert.rejects(requireGone(owned("a", "2"), viewOf(service("a", "1")), client), message);
  });

  it("are looked up by one list if they are many", async () => {
    const { client, lists } = serverWith(service("s499", "u499"));
    const services = Object.fromEntries(
      Array.from({ length: 500 }, (_, i) => [`a${i}`, [{ service: `shop/s${i}`, uid: `u${i}` }]]),
    );
    await assert.rejects(requireGone(services, viewOf(), client), /shop\/s499/);
    assert.deepEqual(lists, ["* *"]);
  });
});
