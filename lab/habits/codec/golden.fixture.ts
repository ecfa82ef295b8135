import { noSpi, type IkeMessage } from "./message.ts";
import type { Payload, PayloadChain } from "./payload.ts";

const bytesOf = (...lines: readonly string[]) =>
  Buffer.from(lines.join("").replaceAll(" ", ""), "hex");

/** An IKE_SA_INIT, by the diagrams of RFC 7296, with a short public value and nonce. */
export const goldenMessage: { readonly bytes: Buffer; readonly message: IkeMessage } = {
  bytes: bytesOf(
    // SPIs, first payload, version, exchange, flag of the initiator, message id, length
    "1122334455667788 0000000000000000 21 20 22 08 00000000 00000060",
    // SA: next payload, length; proposal: last, length, number, protocol, SPI size, transforms
    "22 00 0030  00 00 002c 01 01 00 04",
    "  03 00 000c 01 00 000c 800e 0100",
    "  03 00 0008 02 00 0005",
    "  03 00 0008 03 00 000c",
    "  00 00 0008 04 00 0013",
    // KE: group, reserved, public value
    "28 00 000c 0013 0000 aabbccdd",
    // Nonce
    "00 00 0008 01020304",
  ),
  message: {
    header: {
      initiatorSpi: "1122334455667788",
      responderSpi: noSpi,
      exchange: 34,
      fromInitiator: true,
      isResponse: false,
      messageId: 0,
    },
    payloads: [
      {
        kind: "sa",
        proposals: [
          {
            number: 1,
            protocol: 1,
            spi: Buffer.alloc(0),
            transforms: [
              { type: 1, id: 12, keyBits: 256 },
              { type: 2, id: 5, keyBits: undefined },
              { type: 3, id: 12, keyBits: undefined },
              { type: 4, id: 19, keyBits: undefined },
            ],
          },
        ],
      },
      { kind: "keyExchange", group: 19, data: bytesOf("aabbccdd") },
      { kind: "nonce", data: bytesOf("01020304") },
    ],
  },
};

/** The other payloads, as they follow each other in encrypted messages. */
export const goldenPayloads: {
  readonly chain: PayloadChain;
  readonly payloads: readonly Payload[];
} = {
  chain: {
    first: 35,
    bytes: bytesOf(
      // IDi: FQDN
      "24 00 000c 02 000000 6e6f6465",
      // IDr: IPv4 address
      "27 00 000c 01 000000 c0a80102",
      // AUTH: shared key
      "29 00 000c 02 000000 0a0b0c0d",
      // N: AUTH_LIFETIME of 60 s
      "29 00 000c 00 00 4013 0000003c",
      // N: REKEY_SA with the SPI of an ESP SA
      "2c 00 000c 03 04 4009 c0000001",
      // TSi: one IPv4 network
      "2d 00 0018 01 000000  07 00 0010 0000 ffff 0a010000 0a0100ff",
      // TSr: one IPv6 range with TCP port 443
      "2a 00 0030 01 000000  08 06 0028 01bb 01bb",
      "  fd000000000000000000000000000001 fd000000000000000000000000000002",
      // D: two SPIs of ESP
      "2b 00 0010 03 04 0002 c0000001 c0000002",
      // a vendor id, which the peer ignores
      "00 00 0006 beef",
    ),
  },
  payloads: [
    { kind: "idInitiator", type: 2, data: Buffer.from("node") },
    { kind: "idResponder", type: 1, data: bytesOf("c0a80102") },
    { kind: "auth", method: 2, data: bytesOf("0a0b0c0d") },
    { kind: "notify", protocol: 0, spi: Buffer.alloc(0), type: 16_403, data: bytesOf("0000003c") },
    { kind: "notify", protocol: 3, spi: bytesOf("c0000001"), type: 16_393, data: Buffer.alloc(0) },
    {
      kind: "tsInitiator",
      selectors: [
        { protocol: 0, firstPort: 0, lastPort: 65_535, first: "10.1.0.0", last: "10.1.0.255" },
      ],
    },
    {
      kind: "tsResponder",
      selectors: [
        { protocol: 6, firstPort: 443, lastPort: 443, first: "fd00::1", last: "fd00::2" },
      ],
    },
    { kind: "delete", protocol: 3, spis: [bytesOf("c0000001"), bytesOf("c0000002")] },
    { kind: "other", type: 43, body: bytesOf("beef") },
  ],
};
