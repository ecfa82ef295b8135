import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { parse } from "yaml";
import type { ServiceObject } from "../src/model/services/service-object.ts";
import { serviceRequest } from "../src/model/services/service-request.ts";
import type { ServiceReason } from "../src/model/services/service-reason.ts";

const page = readFileSync(join(import.meta.dirname, "../docs/kubernetes.md"), "utf8");
const section = page.slice(page.indexOf("\n## Services\n"), page.indexOf("\n## Upgrade\n"));

/** A record, so that the compiler requires every reason. */
const reasons: Readonly<Record<ServiceReason, true>> = {
  Ready: true,
  InvalidService: true,
  NotAvailable: true,
  UnknownPool: true,
  FamilyMismatch: true,
  HostNotRouted: true,
  PoolExhausted: true,
  TooManyServices: true,
  AddressTaken: true,
  GatewayPortsExhausted: true,
  GatewayNotRunning: true,
  TunnelDown: true,
  PeerUnreachable: true,
};

describe("the documentation of Services", () => {
  it("has manifests that ipman accepts, one of each kind", () => {
    const manifests = [...section.matchAll(/```yaml\n(.*?)```/gs)].map(
      ([, text = ""]) => parse(text) as ServiceObject,
    );
    const kinds = manifests.map((manifest) => {
      const result = serviceRequest(manifest);
      return result?.ok === true ? result.value.kind : JSON.stringify(result?.problems);
    });
    assert.deepEqual(kinds, ["exposed", "remote"]);
  });

  it("explains every reason of the condition", () => {
    const rows = section.split("\n").flatMap((line) => {
      const [, cell = ""] = /^\| (`.*?`) \|/.exec(line) ?? [];
      return [...cell.matchAll(/`(\w+)`/g)].map(([, reason]) => reason);
    });
    assert.deepEqual(rows.map(String).toSorted(), Object.keys(reasons).toSorted());
  });
});
