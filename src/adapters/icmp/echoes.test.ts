import assert from "node:assert/strict";
import { it } from "node:test";
import { filter, firstValueFrom } from "rxjs";
import { parseAddress, type Address } from "../../model/net/address.ts";
import { echoes } from "./echoes.ts";

const poller = { watch: () => () => {} };
const target = parseAddress("192.0.2.1") as Address;

it("errors without a judgement of the target if there can be no socket", async () => {
  const path = { namespace: "/nonexistent/namespace", target };
  const judgements = echoes(poller, path, { kind: "steady", restMs: 10 });
  const unreachable = firstValueFrom(judgements.pipe(filter((outcome) => outcome.unreachable)));
  await assert.rejects(unreachable, { name: "NetlinkError", code: "ENOENT" });
});
