import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Allocation } from "../addresses/allocation.ts";
import type { ServiceAddresses } from "../addresses/connection-reservations.ts";
import type { Child } from "../api/connection.ts";
import { formatAddress, parseAddress, type Family } from "../net/address.ts";
import { parseRange } from "../net/address-pool.ts";
import { parsePrefix } from "../net/prefix.ts";
import { plannedAddresses, type AddressCandidate } from "./planned-addresses.ts";

const prefix = (text: string) => parsePrefix(text) as NonNullable<ReturnType<typeof parsePrefix>>;
const addressOf = (text: string) =>
  parseAddress(text) as NonNullable<ReturnType<typeof parseAddress>>;
const range = (text: string) => parseRange(text) as NonNullable<ReturnType<typeof parseRange>>;

const child = {
  key: "net",
  xfrmIp: prefix("10.0.2.1/24"),
  vxlanIp: prefix("10.0.2.2/24"),
  routes: [prefix("10.9.0.0/24")],
  pools: new Map([
    ["primary", [range("10.0.2.10-10.0.2.13")]],
    ["other", [range("10.0.2.30-10.0.2.33")]],
  ]),
} as unknown as Child;

interface Wanted {
  readonly namespace?: string;
  readonly name: string;
  readonly pool?: string;
  readonly address?: string;
  readonly port?: number;
  readonly portCount?: number;
  readonly uid?: string;
  readonly previous?: string;
  readonly hosts?: readonly string[];
  readonly families?: readonly Family[];
}

function candidate(wanted: Wanted): AddressCandidate {
  const { namespace = "shop", name, pool = "primary", address, port = 443, uid = name } = wanted;
  const common = {
    service: `${namespace}/${name}`,
    namespace,
    connection: "bank",
    child: "net",
    pool,
    address: address === undefined ? undefined : addressOf(address),
  };
  const requested = { name: "", transport: "tcp" as const, port };
  const { hosts, families = [4], previous, portCount = 1 } = wanted;
  return {
    request:
      hosts === undefined
        ? { ...common, kind: "exposed", ports: [requested], affinity: false, isLocal: false }
        : {
            ...common,
            kind: "remote",
            ports: Array.from({ length: portCount }, (_, i) => ({
              ...requested,
              name: `${i}`,
              hostPort: port,
            })),
            hosts: hosts.map(addressOf),
            families,
          },
    uid,
    child,
    previous: previous === undefined ? undefined : addressOf(previous),
  };
}

/** The plan of these Services, besides pods with these addresses. */
function plan(before: ServiceAddresses, wanted: readonly Wanted[], pods: readonly string[] = []) {
  const used = new Map([["net", new Map(pods.map((address) => [address, "pod shop/db-0"]))]]);
  const { services, verdicts } = plannedAddresses(
    before,
    wanted.map(candidate),
    (services) =>
      new Allocation(
        used,
        [],
        new Map(Object.entries(services).map(([ip, [owner]]) => [ip, owner?.service ?? ""])),
      ),
  );
  const texts = [...verdicts].map(([service, verdict]) => [
    service,
    verdict.ok ? formatAddress(verdict.address) : `${verdict.reason}: ${verdict.message}`,
  ]);
  return { services, of: Object.fromEntries(texts) as Record<string, string> };
}

const owner = (service: string, uid = service.split("/")[1] ?? "") => ({ service, uid });

describe("the addresses of a connection's Services", () => {
  it("are free ones of their pools, in an order that does not depend on that of the list", () => {
    const both = [{ name: "b" }, { name: "a", pool: "other" }, { name: "a2" }];
    const { services, of } = plan({}, both, ["10.0.2.10"]);
    assert.deepEqual(of, {
      "shop/b": "10.0.2.12",
      "shop/a": "10.0.2.30",
      "shop/a2": "10.0.2.11",
    });
    assert.deepEqual(plan({}, both.toReversed(), ["10.0.2.10"]).services, services);
  });

  it("stay while the requests permit, and are free after a deletion or another pool", () => {
    const before = {
      "10.0.2.12": [owner("shop/web")],
      "10.0.2.11": [owner("shop/gone")],
      "10.0.2.13": [owner("shop/moved")],
      "10.0.2.10": [owner("shop/again", "old")],
    };
    const { services, of } = plan(before, [
      { name: "web" },
      { name: "moved", pool: "other" },
      { name: "again", uid: "new" },
    ]);
    assert.deepEqual(of, {
      "shop/web": "10.0.2.12",
      "shop/moved": "10.0.2.30",
      "shop/again": "10.0.2.10",
    });
    assert.deepEqual(Object.keys(services).toSorted(), ["10.0.2.10", "10.0.2.12", "10.0.2.30"]);
  });

  it("are others after a pod got theirs, unless they request it", () => {
    const before = { "10.0.2.10": [owner("shop/a")], "10.0.2.11": [owner("shop/b")] };
    const wanted = [{ name: "a" }, { name: "b", address: "10.0.2.11" }].map(candidate);
    const pods = new Set(["10.0.2.10", "10.0.2.11"]);
    const used = new Map([["net", new Map([...pods].map((address) => [address, "pod shop/p"]))]]);
    const allocationOf = () => new Allocation(used, []);
    const { verdicts } = plannedAddresses(before, wanted, allocationOf, (_, address) =>
      pods.has(formatAddress(address)),
    );
    const [a, b] = [...verdicts.values()];
    assert.ok(b?.ok === true && formatAddress(b.address) === "10.0.2.12");
    assert.ok(a?.ok === false && a.reason === "AddressTaken", JSON.stringify([...verdicts.keys()]));
    const unproven = plannedAddresses(before, wanted, allocationOf).services;
    assert.deepEqual(unproven, before);
  });

  it("are the ones that the Services show if their record was lost", () => {
    const shown = [{ name: "a", previous: "10.0.2.13" }, { name: "b" }];
    assert.deepEqual(plan({}, shown).of, { "shop/a": "10.0.2.13", "shop/b": "10.0.2.10" });
    assert.equal(plan({}, shown, ["10.0.2.13"]).of["shop/a"], "10.0.2.10");
  });

  it("may be requested, also the child's own one", () => {
    const { of } = plan(
      {},
      [
        { name: "a", address: "10.0.2.12" },
        { name: "b", address: "10.0.2.1" },
        { name: "c", address: "10.0.2.30" },
        { name: "d", address: "10.0.2.13" },
        { name: "e", address: "fd00::1" },
      ],
      ["10.0.2.13"],
    );
    assert.equal(of["shop/a"], "10.0.2.12");
    assert.equal(of["shop/b"], "10.0.2.1");
    assert.match(
      of["shop/c"] ?? "",
      /^InvalidService: ipman\.dialo\.ai\/address: 10\.0\.2\.30 is neither an address of pool/,
    );
    assert.match(of["shop/d"] ?? "", /^AddressTaken: .*is taken: pod shop\/db-0 has it$/);
    assert.match(of["shop/e"] ?? "", /^FamilyMismatch: fd00::1 is IPv6, but child net is IPv4/);
  });

  it("serve several Services of a namespace that name it and whose ports differ", () => {
    const address = "10.0.2.11";
    const before = { [address]: [owner("shop/a")] };
    const { services, of } = plan(before, [
      { name: "a", address },
      { name: "b", address, port: 80 },
      { name: "c", address, port: 443 },
      { name: "d", address, port: 443, hosts: ["10.9.0.1"] },
      { name: "e", address, port: 81, namespace: "tenant" },
    ]);
    assert.deepEqual(services, { [address]: [owner("shop/a"), owner("shop/b"), owner("shop/d")] });
    assert.match(of["shop/c"] ?? "", /^AddressTaken: port 443\/tcp .* by Service shop\/a:/);
    assert.equal(
      of["tenant/e"],
      `AddressTaken: ipman.dialo.ai/address: ${address} is taken; request another address of the pool, or none`,
    );
  });

  it("are of a thousand Services at most, and of these as long as they want them", () => {
    const address = "10.0.2.11";
    const wanted = Array.from({ length: 1_000 }, (_, i) => ({
      name: `s${i}`,
      address,
      port: 1_000 + i,
    }));
    const before = plan({}, wanted).services;
    const { services, of } = plan(before, [{ name: "a" }, ...wanted]);
    assert.deepEqual(services, before);
    assert.match(of["shop/a"] ?? "", /^TooManyServices: 1000 Services of this connection /);
    assert.equal(plan(before, [{ name: "a" }, ...wanted.slice(1)]).of["shop/a"], "10.0.2.10");
  });

  it("are of Services with 2,000 ports of a namespace at most; growth takes none from other namespaces", () => {
    const address = "10.0.2.11";
    const manyOf = (portCount: number): Wanted[] =>
      Array.from({ length: 20 }, (_, i) => ({
        name: `s${i}`,
        address,
        portCount,
        hosts: ["10.9.0.1"],
      }));
    const other = { namespace: "tenant", name: "a" };
    const { services } = plan({}, [...manyOf(100), other]);
    assert.equal(Object.values(services).flat().length, 21);
    const more = { name: "more", address, hosts: ["10.9.0.1"] };
    const { of } = plan(services, [...manyOf(100), other, more]);
    assert.match(of["shop/more"] ?? "", /^TooManyServices: .* of shop had 2001: /);
    const grown = plan(services, [...manyOf(101), other]);
    assert.equal(grown.of["tenant/a"], "10.0.2.10");
    assert.equal(Object.values(grown.services).flat().length, 20);
  });

  it("are not shared with a Service that did not name its address", () => {
    const { of } = plan({ "10.0.2.10": [owner("shop/a")] }, [
      { name: "a" },
      { name: "b", address: "10.0.2.10", port: 80 },
    ]);
    assert.match(
      of["shop/b"] ?? "",
      /^AddressTaken: 10\.0\.2\.10 is taken by Service shop\/a: only/,
    );
  });

  it("name the pool that is exhausted or unknown, and hosts that the tunnel does not reach", () => {
    const { of } = plan(
      {},
      [
        { name: "a" },
        { name: "b", pool: "x" },
        { name: "c", hosts: ["fd00::7"] },
        { name: "d", hosts: ["10.9.0.1", "10.8.0.1"] },
        { name: "e", hosts: ["10.9.0.1"], families: [6] },
      ],
      ["10.0.2.10", "10.0.2.11", "10.0.2.12", "10.0.2.13"],
    );
    assert.match(of["shop/a"] ?? "", /^PoolExhausted: pool "primary" has no free address/);
    assert.equal(
      of["shop/b"],
      'UnknownPool: ipman.dialo.ai/poolName: child net has no pool "x"; known: primary, other',
    );
    assert.match(of["shop/c"] ?? "", /^FamilyMismatch: fd00::7 is IPv6/);
    assert.match(of["shop/e"] ?? "", /^FamilyMismatch: spec\.ipFamilies: .* no IPv4 cluster IP/);
    assert.match(of["shop/d"] ?? "", /^HostNotRouted: 10\.8\.0\.1 is in no network/);
  });

  it("are kept by a second plan, are never a pod's, and belong to one namespace", () => {
    const wanted = fc.record({
      namespace: fc.constantFrom("shop", "tenant"),
      name: fc.constantFrom("a", "b", "c", "d", "e"),
      pool: fc.constantFrom("primary", "other"),
      port: fc.constantFrom(80, 443),
      address: fc.constantFrom("", "10.0.2.10", "10.0.2.11", "10.0.2.1"),
    });
    const pods = fc.subarray(["10.0.2.10", "10.0.2.12", "10.0.2.31"]);
    const unique = { selector: (one: Wanted) => `${one.namespace}/${one.name}` };
    fc.assert(
      fc.property(
        fc.uniqueArray(wanted, unique),
        fc.uniqueArray(wanted, unique),
        pods,
        (first, second, taken) => {
          const requests = [first, second].map((list) =>
            list.map(({ address, ...one }) => ({ ...one, ...(address !== "" && { address }) })),
          ) as [Wanted[], Wanted[]];
          const before = plan({}, requests[0], taken).services;
          assert.deepEqual(plan(before, requests[0], taken).services, before);
          const { services } = plan(before, requests[1], taken);
          for (const [address, owners] of Object.entries(services)) {
            assert.ok(!taken.includes(address));
            const namespaces = new Set(owners.map(({ service }) => service.split("/")[0]));
            assert.equal(namespaces.size, 1);
          }
          const all = Object.values(services)
            .flat()
            .map(({ service }) => service);
          assert.equal(new Set(all).size, all.length);
        },
      ),
    );
  });
});
