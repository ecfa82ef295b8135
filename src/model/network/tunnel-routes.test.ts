import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { childSpec, connectionOf } from "../../../test/models/fixtures.ts";
import { address, prefix } from "../../../test/simulator/kernel/plans.ts";
import type { Child } from "../api/connection.ts";
import { formatPrefix } from "../net/prefix.ts";
import { connectionOutside, plannedRoutes, unroutedText } from "./tunnel-routes.ts";

/** A connection with a child that has these fields. */
const connection = (changes: object) =>
  connectionOf({ children: { "child-2": childSpec(2, changes) } });
const childOf = (changes: object, ...outside: string[]) =>
  connectionOutside(connection(changes), outside.map(prefix)).children[0] as Child;
const any = { local_ips: ["0.0.0.0/0"], remote_ips: ["0.0.0.0/0"] };

/** A namespace's addresses and routes, as text. */
interface Around {
  readonly underlays?: readonly string[];
  readonly segment?: readonly string[];
  readonly own?: readonly string[];
}

/** The planned routes of a namespace. */
const planned = (child: Child, { underlays = [], segment = [], own = [] }: Around = {}) =>
  plannedRoutes(child, {
    underlays: underlays.map(address),
    segment: segment.map(address),
    ownRoutes: () => own.map(prefix),
  }).map(formatPrefix);

/** The planned routes for a child with these routes. */
const plannedFor = (routes: string[], around?: Around) =>
  planned({ ...childOf({}), routes: routes.map(prefix) }, around);

describe("the routes of a child", () => {
  it("are its remote selectors by default", () => {
    const child = childOf({ remote_ips: ["10.1.2.0/24", "10.0.0.0/8"] });
    assert.deepEqual(planned(child), ["10.1.2.0/24", "10.0.0.0/8"]);
    assert.equal(unroutedText(child), undefined);
  });

  for (const wide of [["0.0.0.0/0"], ["0.0.0.0/1", "128.0.0.0/1"], ["8.0.0.0/7"]])
    it(`do not include ${wide.join(" and ")} by default, and the text names it`, () => {
      const child = childOf({ remote_ips: [...wide, "10.1.2.0/24"] });
      assert.deepEqual(planned(child), ["10.1.2.0/24"]);
      assert.equal(
        unroutedText(child),
        `remote_ips wider than /8 do not become routes (${wide.join(", ")}): declare the networks behind the peer in routes`,
      );
    });

  it("are exactly the declared ones", () => {
    const child = childOf({ ...any, routes: ["10.1.0.0/16", "8.0.0.0/5"] });
    assert.deepEqual(planned(child), ["10.1.0.0/16", "8.0.0.0/5"]);
    assert.equal(unroutedText(child), undefined);
    assert.deepEqual(planned(childOf({ routes: [] })), []);
  });

  it("leave out the networks that stay outside, and the text names them", () => {
    const child = childOf({ remote_ips: ["10.0.0.0/8"] }, "10.64.0.0/10", "192.168.0.0/16");
    assert.deepEqual(planned(child), ["10.0.0.0/10", "10.128.0.0/9"]);
    assert.equal(
      unroutedText(child),
      "the routes leave out networks of the cluster or the host (10.64.0.0/10)",
    );
  });

  it("do not include a network inside one that stays outside", () => {
    const child = childOf({ remote_ips: ["10.96.0.0/24", "10.1.2.0/24"] }, "10.96.0.0/12");
    assert.deepEqual(planned(child), ["10.1.2.0/24"]);
  });

  it("leave out the network around a single address if they are wider", () => {
    const wide = childOf({ remote_ips: ["10.96.0.0/22"] }, "10.96.0.1/32", "10.96.0.10/32");
    assert.deepEqual(planned(wide), ["10.96.1.0/24", "10.96.2.0/23"]);
    const narrow = childOf({ remote_ips: ["10.96.0.0/30"] }, "10.96.0.1/32");
    assert.deepEqual(planned(narrow), ["10.96.0.0/32", "10.96.0.2/31"]);
  });

  it("belong to the same connection if nothing that stays outside is among them", () => {
    const site = connection({});
    assert.equal(connectionOutside(site, [prefix("10.244.0.0/16")]), site);
    assert.equal(connectionOutside(site, []), site);
  });
});

describe("the routes of a namespace into a tunnel", () => {
  it("are the child's if they do not concern the namespace's own routes", () => {
    const routes = ["10.1.0.0/16", "10.1.2.0/24", "fd00:1::/64"];
    const around = { underlays: ["10.244.0.1"], segment: ["10.0.2.1"], own: ["10.1.3.0/24"] };
    assert.deepEqual(plannedFor(routes, around), routes);
  });

  it("are two halves instead of a default route", () => {
    assert.deepEqual(plannedFor(["0.0.0.0/0"]), ["0.0.0.0/1", "128.0.0.0/1"]);
    assert.deepEqual(plannedFor(["::/0"]), ["::/1", "8000::/1"]);
  });

  it("leave out the network of a VTEP", () => {
    const routes = plannedFor(["10.244.0.0/22"], { underlays: ["10.244.1.7", "10.244.1.8"] });
    assert.deepEqual(routes, ["10.244.0.0/24", "10.244.2.0/23"]);
    assert.deepEqual(plannedFor(["fd44::/63"], { underlays: ["fd44::7"] }), ["fd44:0:0:1::/64"]);
  });

  it("leave out the address of a VTEP alone if they are as narrow as its network", () => {
    assert.deepEqual(plannedFor(["10.244.1.0/30"], { underlays: ["10.244.1.3"] }), [
      "10.244.1.0/31",
      "10.244.1.2/32",
    ]);
  });

  it("do not take precedence over an own route around a VTEP when they are split", () => {
    const around = { underlays: ["10.0.4.1"], own: ["10.0.4.0/22", "10.0.9.9/32"] };
    assert.deepEqual(plannedFor(["10.0.0.0/20"], around), ["10.0.0.0/22", "10.0.8.0/21"]);
  });

  it("keep their precedence over a wider own route when they are split", () => {
    const around = { underlays: ["10.0.4.1"], own: ["10.0.0.0/16"] };
    assert.deepEqual(plannedFor(["10.0.4.0/23"], around), ["10.0.5.0/24"]);
  });

  it("do not replace a host route of the segment", () => {
    const routes = ["10.0.2.1/32", "10.0.2.2/32"];
    assert.deepEqual(plannedFor(routes, { segment: ["10.0.2.1"] }), ["10.0.2.2/32"]);
  });

  it("are few for a default route and thousands of VTEPs on fifty nodes", () => {
    const underlays = Array.from({ length: 2_000 }, (_, i) => `10.244.${i % 50}.${i % 250}`);
    assert.ok(plannedFor(["0.0.0.0/0"], { underlays }).length < 40);
  });
});
