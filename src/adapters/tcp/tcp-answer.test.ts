import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { it } from "node:test";
import { parseAddress, type Address } from "../../model/net/address.ts";
import { tcpAnswer } from "./tcp-answer.ts";

const loopback = parseAddress("127.0.0.1") as Address;

it("a connection by TCP is accepted, refused, or not answered in time", async (t) => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  assert.equal(await tcpAnswer(loopback, port, 5_000), "accepted");
  server.close();
  await once(server, "close");
  assert.equal(await tcpAnswer(loopback, port, 5_000), "refused");
  const broadcast = parseAddress("255.255.255.255") as Address;
  assert.equal(await tcpAnswer(broadcast, port, 5_000), "none");
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const late = tcpAnswer(loopback, port, 5_000);
  t.mock.timers.tick(5_000);
  assert.equal(await late, "none");
});
