import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isSingleHost, remoteAddressProblem } from "./remote-address.ts";

describe("remoteAddr", () => {
  for (const text of ["192.0.2.1", "fd00::1", "vpn.example.org", "a-b.example.org"]) {
    it(`${text} names a single host`, () => {
      assert.equal(remoteAddressProblem(text), undefined);
      assert.ok(isSingleHost(text));
    });
  }

  for (const text of [
    "%any",
    "%any6",
    "0.0.0.0",
    "192.0.2.0/24",
    "fd00::/64",
    "192.0.2.1-192.0.2.9",
    "fd00::1-fd00::f",
  ]) {
    it(`${text} names several addresses, to which charon cannot initiate`, () => {
      assert.equal(remoteAddressProblem(text), undefined);
      assert.ok(!isSingleHost(text));
    });
  }

  for (const text of [
    "300.1.1.1",
    "192.0.2.0/33",
    "192.0.2.9-192.0.2.1",
    "192.0.2.1-fd00::1",
    "192.0.2.1,192.0.2.2",
    "%defaultroute",
    "",
  ]) {
    it(`${JSON.stringify(text)} is refused`, () => {
      assert.match(remoteAddressProblem(text) ?? "", /use an IP address, a DNS name, or/);
    });
  }
});
