import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ChildSa, IkeSa } from "./sa.ts";
import { byDeclaredConnection } from "./shared-ike-sas.ts";

const owners = new Map([
  [101, { connection: "bank", child: "payments" }],
  [102, { connection: "factory", child: "orders" }],
]);

const child = (name: string, ifId: number | undefined) => ({ name, ifId }) as ChildSa;
const ikeSa = (connection: string, ...children: ChildSa[]) =>
  ({ connection, uniqueId: "7", state: "ESTABLISHED", children }) as unknown as IkeSa;

const listed = (sas: readonly IkeSa[]) =>
  sas.map(
    ({ connection, children }) => `${connection}: ${children.map(({ name }) => name).join()}`,
  );

describe("a list of SAs by declared connections", () => {
  it("keeps the object of an IKE SA that is not shared", () => {
    const own = ikeSa("bank", child("payments", 101));
    assert.equal(byDeclaredConnection([own], owners)[0], own);
  });

  it("has a CHILD SA of another connection under that connection", () => {
    const shared = ikeSa("bank", child("payments", 101), child("orders", 102));
    assert.deepEqual(listed(byDeclaredConnection([shared], owners)), [
      "bank: payments",
      "factory: orders",
    ]);
  });

  it("keeps the IKE SA for the connection whose name it has, without children", () => {
    const shared = ikeSa("bank", child("orders", 102));
    assert.deepEqual(listed(byDeclaredConnection([shared], owners)), ["factory: orders", "bank: "]);
  });

  it("does not move a CHILD SA with an unknown name or if_id", () => {
    const unknown = ikeSa("bank", child("old", 102), child("orders", undefined));
    assert.equal(byDeclaredConnection([unknown], owners)[0], unknown);
  });
});
