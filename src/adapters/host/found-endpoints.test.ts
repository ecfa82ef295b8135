import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseAddress } from "../../model/net/address.ts";
import { parsePrefix, type Prefix } from "../../model/net/prefix.ts";
import { endpointsIn, nothingFound, type NamespaceContent } from "./found-endpoints.ts";

const prefix = (text: string) => parsePrefix(text) as Prefix;
const network = prefix("198.18.0.0/16");

/** A namespace with devices, each of which has one address. */
function namespace(name: string, ...devices: [name: string, kind: string, address: string][]) {
  const content: NamespaceContent = {
    name,
    links: devices.map(([device, kind], i) => ({
      index: i + 1,
      name: device,
      kind,
      vxlan: kind === "vxlan" ? vxlanOf(Number(device.replace(/\D/g, ""))) : undefined,
    })),
    addresses: devices.map(([, , address], i) => ({
      linkIndex: i + 1,
      prefix: prefix(address),
      scope: address.startsWith("169.254") ? 253 : 0,
    })),
  };
  return content;
}

function vxlanOf(vni: number) {
  const rest = { port: 7_789, underlying: 1, local: undefined, learning: true };
  return { ...rest, vni, ageing: 0, limit: 2 };
}

const port = ["ipman0", "veth", "198.18.0.1/16"] as const;

describe("the endpoints that devices show", () => {
  it("are gateways by their names, and workers by their devices", () => {
    const found = endpointsIn(
      [
        namespace("ipman-102", [...port], ["vxlan102", "vxlan", "10.0.2.2/24"]),
        namespace(
          "app",
          ["ipman0", "veth", "198.18.0.2/16"],
          ["vxlan102", "vxlan", "10.0.2.3/24"],
          ["vxlan103", "vxlan", "10.0.3.3/24"],
        ),
      ],
      network,
    );
    assert.deepEqual([...found.gateways], [[102, parseAddress("198.18.0.1")]]);
    assert.deepEqual(
      found.workers.map(({ netns, segments }) => [netns, [...segments]]),
      [
        [
          "/run/netns/app",
          [
            [102, prefix("10.0.2.3/24")],
            [103, prefix("10.0.3.3/24")],
          ],
        ],
      ],
    );
  });

  for (const [what, content] of [
    ["without devices", namespace("ipman-103")],
    ["with a device of another kind", namespace("ipman-103", ["ipman0", "dummy", "198.18.0.1/16"])],
    ["on another network", namespace("ipman-103", ["ipman0", "veth", "10.9.0.1/16"])],
    ["with a link-local address", namespace("ipman-103", ["ipman0", "veth", "169.254.0.1/16"])],
    ["on the fabric alone", namespace("app", [...port])],
    [
      "with a VXLAN device of another name",
      namespace("app", [...port], ["x7", "vxlan", "10.0.2.3/24"]),
    ],
  ] as const)
    it(`do not include a namespace ${what}`, () =>
      assert.deepEqual(endpointsIn([content], network), nothingFound));
});
