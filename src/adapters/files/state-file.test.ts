import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import fc from "fast-check";
import { endpointCodec, type HostEndpoints } from "../host/endpoints.ts";
import { StateFile } from "./state-file.ts";

const address = { family: 4, value: 0xc6120001n } as const;

const endpoints: HostEndpoints = {
  gateways: [
    {
      id: "ipman-102",
      connection: "site",
      child: "constructor",
      underlay: address,
      netns: "/run/netns/ipman-102",
      device: "ipman0",
      mtu: 9_000,
    },
  ],
  workers: [
    {
      id: "w",
      connection: "site",
      child: "constructor",
      pool: "__proto__",
      reservation: "r",
      netns: "/run/netns/app",
      address: { address, length: 24 },
      underlay: address,
    },
  ],
};

describe("the file of a state", () => {
  const folder = mkdtempSync(join(tmpdir(), "state-"));
  after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "endpoints.json");
  const file = new StateFile(path, endpointCodec);
  const troubles: unknown[] = [];
  const read = () => {
    troubles.length = 0;
    return file.read((error) => troubles.push(error));
  };

  it("has the value that was written, and none if there is no file", () => {
    assert.equal(read(), undefined);
    file.write(endpoints);
    assert.deepEqual(read(), endpoints);
    assert.deepEqual(troubles, []);
  });

  const bad: readonly [string, string][] = [
    ["empty", ""],
    ["not JSON", "\0\0\0\0"],
    ["null", "null"],
    ["a list", "[]"],
    ["without workers", '{"gateways":[]}'],
    ["with a worker that is null", '{"gateways":[],"workers":[null]}'],
    ["with an invalid address", `{"gateways":[],"workers":[${worker("10.0.0.300/24")}]}`],
  ];
  for (const [defect, text] of bad) {
    it(`is reported, set aside and not fatal if it is ${defect}`, () => {
      writeFileSync(path, text);
      assert.equal(read(), undefined);
      assert.match(String(troubles[0]), /endpoints\.json cannot be read: .*kept as .*unreadable/s);
      assert.equal(readFileSync(`${path}.unreadable`, "utf8"), text);
      assert.ok(!existsSync(path));
      assert.equal(file.problem, String(troubles[0]).replace("Error: ", ""));
      assert.equal(read(), undefined);
      assert.deepEqual(troubles, [], "the next start finds no file");
    });
  }

  it("is not fatal if it is cut short, at any offset", () => {
    file.write(endpoints);
    const text = readFileSync(path, "utf8");
    fc.assert(
      fc.property(fc.nat(text.length - 3), (length) => {
        writeFileSync(path, text.slice(0, length));
        assert.equal(read(), undefined);
        assert.equal(troubles.length, 1);
      }),
    );
  });

  it("shows its problem until the file that was set aside is removed, and keeps only one", () => {
    writeFileSync(path, "{");
    read();
    assert.match(file.problem ?? "", /ipman starts without it.*remove it to clear/s);
    const kept = readdirSync(folder).filter((name) => name.endsWith(".unreadable"));
    assert.deepEqual(kept, ["endpoints.json.unreadable"]);
    rmSync(`${path}.unreadable`);
    assert.equal(file.problem, undefined);
  });
});

function worker(written: string): string {
  const texts = { id: "w", connection: "c", child: "k", netns: "n", pool: "p" };
  return JSON.stringify({ ...texts, underlay: "198.18.0.1", address: written });
}
