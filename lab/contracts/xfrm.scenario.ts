import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, afterEach, before, describe, it } from "node:test";
import { firstValueFrom, take, timeout, toArray } from "rxjs";
import { formatAddress } from "../../src/model/net/address.ts";
import { createNamespace, deleteNamespace, netnsPath } from "../../src/adapters/linux/namespace.ts";
import { Poller } from "../../src/adapters/linux/poller.ts";
import { listSaCounters } from "../../src/adapters/xfrm/sa-counters.ts";
import { saEvents } from "../../src/adapters/xfrm/sa-events.ts";
import { kernelStates, removeSas, removeStates } from "../../src/adapters/xfrm/xfrm-states.ts";

const ip = (...args: string[]) => execFileSync("ip", args, { encoding: "utf8" });
const namespace = netnsPath("gw");

describe("the SAs of a real kernel", () => {
  before(() => createNamespace("gw"));
  after(() => deleteNamespace("gw"));

  it("emit an event when a lifetime is over, and one with the counters on deletion", async () => {
    await using poller = new Poller();
    const events = saEvents(poller, netnsPath("gw"));
    const received = firstValueFrom(events.pipe(take(2), toArray(), timeout(10_000)));
    const key = `0x${"11".repeat(20)}`;
    const sa = ["src", "192.0.2.1", "dst", "192.0.2.2", "proto", "esp", "spi", "7"];
    const limit = ["limit", "time-soft", "1", "limit", "time-hard", "60"];
    const algorithm = ["aead", "rfc4106(gcm(aes))", key, "128"];
    ip("-n", "gw", "xfrm", "state", "add", ...sa, "mode", "tunnel", ...algorithm, ...limit);
    await firstValueFrom(events.pipe(timeout(10_000)));
    ip("-n", "gw", "xfrm", "state", "delete", ...sa);
    assert.deepEqual(await received, [
      { type: "sa.expired" },
      { type: "sa.deleted", end: { spi: "00000007", bytes: 0, packets: 0 } },
    ]);
  });

  describe("SAs and policies by their if_id", () => {
    const key = ["aead", "rfc4106(gcm(aes))", `0x${"11".repeat(20)}`, "128"];
    const ends = ["src", "192.0.2.1", "dst", "192.0.2.2"];
    const addSa = (spi: number, ifId: number) =>
      ip(
        "-n",
        "gw",
        "xfrm",
        "state",
        "add",
        ...ends,
        "proto",
        "esp",
        "spi",
        String(spi),
        "reqid",
        "5",
        "mode",
        "tunnel",
        ...key,
        "if_id",
        String(ifId),
      );
    const setPolicy = (how: "add" | "update", reqid: number) =>
      ip(
        "-n",
        "gw",
        "xfrm",
        "policy",
        how,
        "src",
        "10.0.2.0/24",
        "dst",
        "10.0.1.0/24",
        "dir",
        "out",
        "if_id",
        "7",
        "tmpl",
        ...ends,
        "proto",
        "esp",
        "reqid",
        String(reqid),
        "mode",
        "tunnel",
      );
    const seen = (...ifIds: number[]) =>
      kernelStates(namespace, new Set(ifIds)).map(
        ({ kind, ifId, reqid, spi }) => `${kind} ${ifId} ${reqid} ${spi}`,
      );

    afterEach(() => {
      for (const what of ["state", "policy"]) ip("-n", "gw", "xfrm", what, "flush");
    });

    it("are read with SPI and reqid", () => {
      addSa(7, 7);
      // An SPI as large as charon's.
      addSa(3_221_225_472, 8);
      setPolicy("add", 9);
      assert.deepEqual(seen(7), ["sa 7 5 7", "policy 7 9 0"]);
      assert.deepEqual(seen(8), ["sa 8 5 3221225472"]);
    });

    it("are read with their counters and ends", () => {
      addSa(7, 7);
      ip("-n", "gw", "xfrm", "state", "add", ...ends, "proto", "esp", "spi", "9", ...key);
      const read = listSaCounters(namespace).map(({ source, destination, ...counters }) => ({
        ...counters,
        ends: [source, destination].map(formatAddress).join(" "),
      }));
      const none = { packets: 0, integrityFailures: 0 };
      assert.deepEqual(read, [{ ifId: 7, ...none, ends: "192.0.2.1 192.0.2.2" }]);
    });

    it("are removed one by one, except a policy that was replaced since it was listed", () => {
      addSa(7, 7);
      addSa(8, 7);
      setPolicy("add", 9);
      const listed = kernelStates(namespace, new Set([7]));
      const first = listed.find(({ spi }) => spi === 7);
      assert.equal(removeStates(namespace, first === undefined ? [] : [first]), 1);
      assert.deepEqual(seen(7), ["sa 7 5 8", "policy 7 9 0"]);
      setPolicy("update", 10);
      assert.equal(removeStates(namespace, listed), 1);
      assert.deepEqual(seen(7), ["policy 7 10 0"]);
    });

    it("are removed all at once, without any others", () => {
      addSa(7, 7);
      addSa(8, 8);
      setPolicy("add", 9);
      assert.equal(removeSas(namespace, new Set([7])), 2);
      assert.deepEqual(seen(7, 8), ["sa 8 5 8"]);
    });
  });
});
