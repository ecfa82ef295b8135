import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeMessage, encodeMessage, type Message } from "vici-client";
import { runGovici } from "./govici.ts";
import type { Row } from "./row.ts";

/**
 * The codec against govici's, on the same bytes: the replies of list-sas for 1,000 IKE
 * SAs with two children each, decoded and encoded again. The best of many rounds counts,
 * since disturbances only make a round slower.
 */
const count = 1_000;
const rounds = 12;
const repetitions = 6;

function childSa(ike: number, n: number): Message {
  return {
    name: `child-${n}`,
    uniqueid: String(ike * 2 + n),
    reqid: String(ike * 2 + n),
    state: "INSTALLED",
    mode: "TUNNEL",
    protocol: "ESP",
    "spi-in": "c1a2b3c4",
    "spi-out": "cafe0123",
    "if-id-in": "00000066",
    "if-id-out": "00000066",
    "encr-alg": "AES_CBC",
    "encr-keysize": "256",
    "integ-alg": "HMAC_SHA2_256_128",
    "bytes-in": "123456789",
    "packets-in": "123456",
    "use-in": "1",
    "bytes-out": "987654321",
    "packets-out": "654321",
    "use-out": "0",
    "rekey-time": "2871",
    "life-time": "3501",
    "install-time": "459",
    "local-ts": ["10.0.2.0/24"],
    "remote-ts": ["10.0.1.0/24", "10.1.0.0/16"],
  };
}

function ikeSa(n: number): Message {
  return {
    [`connection-${n}`]: {
      uniqueid: String(n),
      version: "2",
      state: "ESTABLISHED",
      "local-host": "192.168.1.1",
      "local-port": "4500",
      "local-id": "vpn.example.org",
      "remote-host": "192.168.1.2",
      "remote-port": "4500",
      "remote-id": `peer-${n}.example.net`,
      initiator: "yes",
      "initiator-spi": "0123456789abcdef",
      "responder-spi": "fedcba9876543210",
      "encr-alg": "AES_CBC",
      "encr-keysize": "256",
      "integ-alg": "HMAC_SHA2_256_128",
      "prf-alg": "PRF_HMAC_SHA2_256",
      "dh-group": "ECP_256",
      established: "459",
      "rekey-time": "13161",
      "child-sas": { [`child-1-${n}`]: childSa(n, 1), [`child-2-${n}`]: childSa(n, 2) },
    },
  };
}

const packets = Array.from({ length: count }, (_, n) => encodeMessage(ikeSa(n)));

function ours(): number {
  let best = Infinity;
  for (let round = 0; round < rounds; round++) {
    const started = performance.now();
    for (const packet of packets) encodeMessage(decodeMessage(packet));
    best = Math.min(best, performance.now() - started);
  }
  return (best * 1e6) / count;
}

function theirs(binary: string): number {
  const file = join(mkdtempSync(join(tmpdir(), "bench-")), "packets");
  const size = (packet: Uint8Array) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(packet.length);
    return bytes;
  };
  writeFileSync(file, Buffer.concat(packets.flatMap((packet) => [size(packet), packet])));
  return runGovici(binary, "codec", file, String(rounds))["nanoseconds"] as number;
}

/** The codec's row; times are per message. */
export function codec(binary: string): Row {
  // Alternating, so that a temporarily slow machine affects both.
  const measured = Array.from({ length: repetitions }, () => ({
    ours: ours(),
    theirs: theirs(binary),
  }));
  return {
    what: "decode and encode a reply of list-sas (an IKE SA, two children), 1,000 of them",
    against: "govici 0.7.0",
    unit: "µs",
    ours: Math.min(...measured.map((pair) => pair.ours)) / 1_000,
    theirs: Math.min(...measured.map((pair) => pair.theirs)) / 1_000,
    goal: { atLeast: 1.5 },
  };
}
