import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseAddress, type Address } from "../net/address.ts";
import { readOrders, writeOrders, type AttachOrder } from "./attach-order.ts";
import { parsePrefix, type Prefix } from "../net/prefix.ts";

const address = (text: string) => parseAddress(text) as Address;
const prefix = (text: string) => parsePrefix(text) as Prefix;

const order: AttachOrder = {
  connection: { id: "partner" },
  child: {
    key: "lan",
    ifId: 102,
    xfrmIp: prefix("10.0.2.1/24"),
    routes: [prefix("10.0.1.0/24"), prefix("10.9.0.0/16")],
    unrouted: [{ network: prefix("10.9.7.0/24"), why: "outside" }],
  },
  worker: {
    address: prefix("10.0.2.3/24"),
    mac: "02:00:00:00:00:03",
    gatewayMac: "02:00:00:00:00:01",
    seeds: [1, 2, 3, 4, 5, 6, 7, 0xffff_ffff],
  },
  gatewayUnderlay: address("10.244.1.3"),
  tunnelMtu: 1422,
  vxlanPort: 7789,
};

const written = {
  connection: "partner",
  child: "lan",
  interfaceId: 102,
  address: "10.0.2.3/24",
  mac: "02:00:00:00:00:03",
  gatewayMac: "02:00:00:00:00:01",
  seeds: [1, 2, 3, 4, 5, 6, 7, 0xffff_ffff],
  gateway: "10.0.2.1/24",
  vtep: "10.244.1.3",
  routes: ["10.0.1.0/24", "10.9.0.0/16"],
  outside: ["10.9.7.0/24"],
  tunnelMtu: 1422,
  vxlanPort: 7789,
};

const writeOrder = (one: AttachOrder) => writeOrders([one]);
const readOrder = (text: string) => {
  const [one, ...more] = readOrders(text);
  assert.deepEqual(more, []);
  return one;
};

describe("the order of a pod's init container", () => {
  it("is read as it was written, and is JSON with readable values", () => {
    assert.deepEqual(JSON.parse(writeOrder(order)), written);
    assert.deepEqual(readOrder(writeOrder(order)), order);
  });

  it("names several gateways, and does not name one", () => {
    const several: AttachOrder = { ...order, severalGateways: true };
    assert.deepEqual(JSON.parse(writeOrder(several)), { ...written, severalGateways: true });
    assert.deepEqual(readOrder(writeOrder(several)), several);
    const text = JSON.stringify({ ...written, severalGateways: "yes" });
    assert.throws(() => readOrder(text), /severalGateways is "yes"/);
  });

  it("is the same for IPv6", () => {
    const six: AttachOrder = {
      ...order,
      child: {
        ...order.child,
        xfrmIp: prefix("fd00:2::1/64"),
        routes: [prefix("fd00:1::/64")],
      },
      worker: { ...order.worker, address: prefix("fd00:2::3/64") },
    };
    assert.deepEqual(readOrder(writeOrder(six)), six);
  });

  it("contains only the parts of a child that the init container needs", () => {
    const child = { ...order.child, extra: { esp_proposals: "aes256gcm16" }, pools: new Map() };
    assert.equal(writeOrder({ ...order, child }), writeOrder(order));
  });

  for (const [member, value] of [
    ["connection", 7],
    ["address", "10.0.2.3/33"],
    ["gateway", undefined],
    ["vtep", "gateway"],
    ["routes", "10.0.1.0/24"],
    ["routes", ["10.0.1.0/24", "x"]],
    ["outside", "10.9.7.0/24"],
    ["tunnelMtu", "1422"],
  ] as const) {
    it(`is refused with ${member} ${JSON.stringify(value)}`, () => {
      const text = JSON.stringify({ ...written, [member]: value });
      const message = `IPMAN_ATTACH: ${member} is ${JSON.stringify(value)}; the operator's webhook writes it when a pod is created`;
      assert.throws(() => readOrder(text), { message });
    });
  }

  for (const [member, value] of [
    ["mac", "02:00:00:00:00"],
    ["gatewayMac", 2],
    ["seeds", [1, 2, 3, 4, 5, 6, 7]],
    ["seeds", [1, 2, 3, 4, 5, 6, 7, -1]],
  ] as const) {
    it(`is refused with ${member} ${JSON.stringify(value)}, which is not repeated`, () => {
      const text = JSON.stringify({ ...written, [member]: value });
      const message = `IPMAN_ATTACH: ${member} is invalid; the operator's webhook writes it when a pod is created`;
      assert.throws(() => readOrder(text), { message });
    });
  }

  for (const text of ["", "null", "{", '"10.0.2.3"'])
    it(`is refused as ${JSON.stringify(text)}`, () => {
      assert.throws(() => readOrder(text), /IPMAN_ATTACH: the value is not a JSON object/);
    });

  describe("for several attachments", () => {
    const other: AttachOrder = {
      ...order,
      connection: { id: "plant" },
      child: { ...order.child, key: "plc", ifId: 103 },
    };
    const list = [written, { ...written, connection: "plant", child: "plc", interfaceId: 103 }];

    it("is a list that is read as it was written", () => {
      assert.deepEqual(JSON.parse(writeOrders([order, other])), list);
      assert.deepEqual(readOrders(writeOrders([order, other])), [order, other]);
    });

    it("is refused with the number of the attachment at fault", () => {
      const [first, second] = list;
      const bad = (entry: unknown) => JSON.stringify([first, entry]);
      assert.throws(
        () => readOrders(bad({ ...second, vtep: 1 })),
        /IPMAN_ATTACH: \[1\]\.vtep is 1;/,
      );
      assert.throws(() => readOrders(bad({ ...second, mac: 1 })), /: \[1\]\.mac is invalid;/);
      for (const entry of [null, "x", []])
        assert.throws(() => readOrders(bad(entry)), /: \[1\] is not a JSON object;/);
    });
  });
});
