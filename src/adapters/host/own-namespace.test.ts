import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gatewayNamespace, ifIdOfNamespace } from "./gateway-namespace.ts";
import { ForeignNamespaceError, ownershipOf, ownMark } from "./own-namespace.ts";

const gateway = gatewayNamespace(102);

/** A device as it is listed; the loopback device is in every namespace. */
function device(name: string, kind: string, changes: { up?: boolean; ifId?: number } = {}) {
  const { up = true, ifId } = changes;
  return { name, kind, up, alias: "", xfrm: ifId === undefined ? undefined : xfrmOf(ifId) };
}

const xfrmOf = (ifId: number) => ({ ifId, underlying: 0 });
const loopback = device("lo", "");
const port = device("ipman0", "veth");
const dummy = device("db0", "dummy");

describe("the owner of a namespace with a gateway's name", () => {
  for (const [what, links, owner] of [
    ["is ipman if it has ipman's mark", [{ ...loopback, alias: ownMark }, dummy], "own"],
    ["is another program if it has no devices", [loopback], "foreign"],
    ["is another program if it has other devices", [loopback, dummy], "foreign"],
    ["is ipman if an earlier version made its port", [loopback, port], "own"],
    ["is ipman if its xfrm interface alone is left", [device("x", "xfrm", { ifId: 102 })], "own"],
    ["is ipman if its VXLAN device alone is left", [device("vxlan102", "vxlan")], "own"],
    ["is another program if the if_id is another", [device("x", "xfrm", { ifId: 103 })], "foreign"],
    [
      "is another program if a device only has a name of ours",
      [device("ipman0", "dummy")],
      "foreign",
    ],
    ["is ipman if the kernel added devices", [port, device("sit0", "sit", { up: false })], "own"],
    ["is shared if another program has a device in it", [loopback, port, dummy], "shared"],
    [
      "is another program if the mark is on another device",
      [loopback, { ...dummy, alias: ownMark }],
      "foreign",
    ],
  ] as const)
    it(what, () => assert.equal(ownershipOf(links, gateway.isOurs), owner));
});

describe("a namespace that ipman did not make", () => {
  it("is refused with its path and the remedy", () => {
    const { message } = new ForeignNamespaceError(gateway);
    assert.match(message, /^\/run\/netns\/ipman-102 exists and was not made by ipman/);
    assert.match(message, /ip netns delete ipman-102.*another if_id/);
  });

  it("has a name without an if_id unless it is a gateway's", () => {
    assert.equal(ifIdOfNamespace("ipman-102"), 102);
    for (const name of ["ipman", "ipman-", "ipman-x", "app"])
      assert.equal(ifIdOfNamespace(name), undefined);
  });
});
