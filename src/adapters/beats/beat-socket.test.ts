import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { describe, it } from "node:test";
import { firstValueFrom, type Observable } from "rxjs";
import { parseAddress, type Address } from "../../model/net/address.ts";
import { BeatSocket } from "./beat-socket.ts";

const loopback = { 4: "127.0.0.1", 6: "::1" };
const address = (text: string) => parseAddress(text) as Address;

/** A port of the loopback that is free for UDP. */
async function freePort(): Promise<number> {
  const socket = createSocket("udp4");
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.bind(0, "127.0.0.1", resolve);
  await promise;
  const { port } = socket.address();
  socket.close();
  return port;
}

/** A socket on the loopback, which drops and troubles are noted of. */
async function opened(port: number) {
  const drops: string[] = [];
  const troubles: unknown[] = [];
  const socket = new BeatSocket({
    port,
    addresses: loopback,
    onDrop: (...drop) => drops.push(drop.join(" ")),
    onTrouble: (error) => troubles.push(error),
  });
  await until(() => socket.isOpen(4) || troubles.length > 0);
  return { socket, drops, troubles };
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise(setImmediate);
}

const next = (datagrams: Observable<Buffer>) => firstValueFrom(datagrams);

describe("the socket of beats", () => {
  it("receives what it sends to an address", async () => {
    const { socket } = await opened(await freePort());
    using _ = socket;
    const received = next(socket.datagrams);
    socket.send(address("127.0.0.1"), Buffer.from("beat"));
    assert.equal((await received).toString(), "beat");
  });

  it("counts a datagram that cannot be sent, and continues", async () => {
    const { socket, drops } = await opened(await freePort());
    using _ = socket;
    socket.send(address("127.0.0.1"), Buffer.alloc(70_000));
    await until(() => drops.length > 0);
    assert.deepEqual(drops, ["sent failed"]);
    const received = next(socket.datagrams);
    socket.send(address("127.0.0.1"), Buffer.from("beat"));
    assert.equal((await received).toString(), "beat");
  });

  it("reports a port that is taken once, and opens as soon as it is free", async () => {
    const port = await freePort();
    const taken = createSocket("udp4");
    const { promise, resolve } = Promise.withResolvers<void>();
    taken.bind(port, "127.0.0.1", resolve);
    await promise;
    const { socket, troubles } = await opened(port);
    using _ = socket;
    assert.match(String(troubles), /EADDRINUSE/);
    assert.equal(socket.isOpen(4), false);
    taken.close();
    await until(() => socket.isOpen(4));
    assert.equal(troubles.length, 1);
  });
});
