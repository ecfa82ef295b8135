#!/usr/bin/env node
/*
 * Runs simulated peers, each on UDP port 500 of an address of its own. The last argument is a JSON
 * array of {@link LabPeer}; standard output is the journal of the peers, one JSON object a line.
 */
import { createSocket } from "node:dgram";
import { SimulatedPeer } from "./peer/simulated-peer.ts";
import type { JournalEntry, LabPeer } from "./journal.ts";

const ikePort = 500;

function write(entry: JournalEntry): void {
  process.stdout.write(`${JSON.stringify(entry)}\n`);
}

async function run({ name, address, ...options }: LabPeer): Promise<void> {
  const socket = createSocket("udp4");
  const peer = new SimulatedPeer(options, {
    after: (ms, run) => void setTimeout(run, ms),
    note: (event) => write({ at: Math.round(performance.now()), peer: name, ...event }),
  });
  socket.on("message", (bytes, { address: from, port }) => {
    peer.receive(bytes, (answer) => socket.send(answer, port, from));
  });
  await new Promise<void>((resolve) => {
    socket.bind(ikePort, address, resolve);
  });
  write({ at: Math.round(performance.now()), peer: name, event: "listening" });
}

await Promise.all((JSON.parse(process.argv.at(-1) ?? "[]") as LabPeer[]).map(run));
