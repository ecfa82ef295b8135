import { parse as parseYaml } from "yaml";
import { decodeMessage, encodeMessage, ViciError } from "vici-client";
import { connectionSpec, secret, yaml } from "../../lab/sites/manifests.ts";
import { golden as viciGolden } from "../../packages/vici-client/src/golden.fixture.ts";
import { FrameSplitter } from "../../packages/vici-client/src/frames.ts";
import { decodePacket, encodePacket, PacketType } from "../../packages/vici-client/src/packet.ts";
import { goldenFlow } from "../../src/adapters/conntrack/flow.fixture.ts";
import { flowIn } from "../../src/adapters/conntrack/flow.ts";
import { usageIn } from "../../src/adapters/conntrack/usage.ts";
import { addressFrom } from "../../src/adapters/netlink/addresses.ts";
import { golden as netlinkGolden } from "../../src/adapters/netlink/golden.fixture.ts";
import { saCountersIn } from "../../src/adapters/xfrm/sa-counters.ts";
import { linkFrom } from "../../src/adapters/netlink/links.ts";
import { isKernelNeighbour, neighbourFrom } from "../../src/adapters/netlink/neighbours.ts";
import { messagesIn } from "../../src/adapters/netlink/reader.ts";
import { routeFrom } from "../../src/adapters/netlink/routes.ts";
import { heldSasIn } from "../../src/adapters/vici/held-sas.ts";
import { loadedIn } from "../../src/adapters/vici/list-conns.ts";
import { ikeSasIn } from "../../src/adapters/vici/list-sas.ts";
import { readManifest } from "../../src/adapters/manifests/read.ts";
import { BeatError, decodeBeats, encodeBeat } from "../../src/model/beats/beat-codec.ts";
import { beatOfSite } from "../../src/model/beats/beat.fixture.ts";
import { senderTag } from "../../src/model/beats/frame.ts";
import { formatAddress, parseAddress } from "../../src/model/net/address.ts";
import { backendsOf } from "../../src/model/services/backends-of.ts";
import { trimmedSlice } from "../../src/model/services/endpoint-slice.ts";
import { sliceObject } from "../../src/model/services/services.fixture.ts";
import { connectionFromCr } from "../../src/model/validation/connection-from-cr.ts";
import { parseAttachments } from "../../src/model/attach/attachment-requests.ts";
import { readListed, writeListed } from "../../src/model/kubernetes/pod-attachments.ts";
import { NegotiationLog } from "../../src/model/refusals/negotiation-log.ts";
import { schemaProblems } from "../../src/model/validation/schema-problems.ts";

const slice = sliceObject("shop/web", "web-1", [
  { address: "10.244.0.1", conditions: { ready: true, serving: true }, nodeName: "node-a" },
  { address: "fd00::1", conditions: { ready: false, serving: true, terminating: true } },
]);

/** A parser of external bytes. It may refuse them only with its documented error. */
export interface Target {
  readonly name: string;
  readonly seeds: readonly Buffer[];
  /** Throws only if there is a defect. */
  readonly run: (bytes: Buffer) => void;
}

const frames = viciGolden.map(({ message }) =>
  Buffer.from(encodePacket(PacketType.event, "list-sa", message)),
);

export const targets: readonly Target[] = [
  {
    name: "VICI messages",
    seeds: viciGolden.map(({ bytes }) => Buffer.from(bytes)),
    run: (bytes) =>
      unless(ViciError, () => {
        const message = decodeMessage(bytes);
        for (const statistics of [false, true]) ikeSasIn(message, { statistics });
        heldSasIn([message], [message]);
        loadedIn(message);
        // A decoded message can be encoded, and is decoded to the same.
        const again = decodeMessage(encodeMessage(message));
        if (JSON.stringify(again) !== JSON.stringify(message))
          throw new Error("it is decoded differently");
      }),
  },
  {
    name: "tracked connections",
    seeds: [goldenFlow.entry, goldenFlow.statistics],
    run: (bytes) => {
      flowIn(bytes);
      usageIn(bytes);
    },
  },
  {
    name: "VICI packets in a stream",
    seeds: frames,
    run: (bytes) =>
      unless(ViciError, () => {
        const splitter = new FrameSplitter();
        for (let at = 0; at < bytes.length; at += 7) {
          for (const frame of splitter.push(bytes.subarray(at, at + 7)))
            decodePacket(frame).message();
        }
      }),
  },
  {
    name: "lines of charon's log",
    seeds: ["received AUTHENTICATION_FAILED notify error", "retransmit 1 of request"].map((text) =>
      Buffer.from(text),
    ),
    run: (bytes) => {
      const log = new NegotiationLog();
      for (const line of bytes.toString().split("\n")) log.failureIn(line, "1");
    },
  },
  {
    name: "netlink messages",
    seeds: netlinkGolden.map(({ bytes }) => bytes),
    run: (bytes) => {
      for (const message of messagesIn(bytes)) {
        isKernelNeighbour(message);
        for (const read of [linkFrom, routeFrom, neighbourFrom, addressFrom, saCountersIn])
          read(message.body);
      }
    },
  },
  {
    name: "beats of other agents",
    seeds: [encodeBeat(beatOfSite()), encodeBeat(beatOfSite({ dialled: "spare", paths: [] }))],
    run: (bytes) =>
      unless(BeatError, () => {
        senderTag(bytes);
        for (const beat of decodeBeats(bytes, 1)) {
          // A beat is decoded to the same again, except for causes of later versions.
          const [again] = decodeBeats(encodeBeat(beat), 1);
          if (JSON.stringify(again) !== JSON.stringify(beat))
            throw new Error("it is decoded differently");
        }
      }),
  },
  {
    name: "manifests",
    seeds: [yaml(connectionSpec("site")), yaml(secret({ site: "key" })), "a: &x [1]\nb: *x"].map(
      (text) => Buffer.from(text),
    ),
    run: (bytes) => {
      const { resources } = readManifest("fuzzed.yaml", bytes.toString());
      for (const { kind, document } of resources) {
        schemaProblems(kind, document);
        if (kind === "IPSecConnection") connectionFromCr(document);
      }
    },
  },
  {
    name: "specs",
    seeds: [Buffer.from(JSON.stringify(connectionSpec("site")))],
    run: (bytes) => {
      let document: unknown;
      try {
        document = parseYaml(bytes.toString(), { logLevel: "silent" });
      } catch {
        return;
      }
      connectionFromCr(document);
    },
  },
  {
    name: "lists of attachments",
    seeds: [
      Buffer.from('[{"ipmanName":"a","childName":"b","poolName":"c","keepAddress":true}]'),
      Buffer.from('[{"ipmanName":"a","childName":"b","poolName":"c","vxlanIp":"10.0.0.3/24"}]'),
    ],
    run: (bytes) => {
      const text = bytes.toString();
      parseAttachments(text);
      const listed = readListed(text);
      const again = readListed(writeListed(listed));
      if (JSON.stringify(again) !== JSON.stringify(listed))
        throw new Error("it is read differently");
    },
  },
  {
    name: "EndpointSlices",
    seeds: [Buffer.from(JSON.stringify(slice)), Buffer.from('{"endpoints":null,"ports":[null]}')],
    run: (bytes) => {
      const fields = jsonObject(bytes);
      if (fields === undefined) return;
      const { metadata, apiVersion, kind } = slice;
      const read = trimmedSlice({ ...fields, metadata, apiVersion, kind });
      for (const { address, port } of backendsOf([read, read], { name: "https", transport: "tcp" }))
        if (parseAddress(formatAddress(address)) === undefined || !(port > 0 && port < 65_536))
          throw new Error("a backend is not an address with a port");
    },
  },
];

function jsonObject(bytes: Buffer): object | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString());
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function unless(expected: typeof ViciError | typeof BeatError, run: () => void): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof expected)) throw error;
  }
}
