import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { beatOfSite } from "./beat.fixture.ts";
import type { ConnectionBeat } from "./beat.ts";
import { BeatError, decodeBeats, encodeBeat } from "./beat-codec.ts";
import { mostBeatBytes } from "./frame.ts";
import { switchCauses } from "./switch-cause.ts";

const golden = [
  "04 73697465", // "site"
  "000000000007", // epoch
  "04 6d61696e", // "main"
  "00", // nothing is dialled
  "01", // lost
  "01", // leading
  "02", // paths
  "04 6d61696e 03", // "main", ready and up
  "05 7370617265 04", // "spare", failed
];
const goldenBytes = Buffer.from(golden.join("").replaceAll(" ", ""), "hex");

const name = (maxLength: number) =>
  fc.string({
    unit: fc.constantFrom("a", "z", "0", "9", "-", "."),
    minLength: 1,
    maxLength,
  });
const plain = { noNullPrototype: true } as const;
const anyBeat: fc.Arbitrary<ConnectionBeat> = fc.record(
  {
    connection: name(253),
    epoch: fc.nat({ max: Number.MAX_SAFE_INTEGER }).map((epoch) => epoch % 2 ** 47),
    active: name(40),
    dialled: fc.option(name(40), { nil: undefined }),
    cause: fc.constantFrom(...switchCauses),
    leading: fc.boolean(),
    leaving: fc.boolean(),
    paths: fc.uniqueArray(
      fc.record(
        {
          path: name(40),
          ready: fc.boolean(),
          up: fc.boolean(),
          failed: fc.boolean(),
        },
        plain,
      ),
      { maxLength: 8, selector: ({ path }) => path },
    ),
  },
  plain,
);

describe("an encoded beat", () => {
  it("has the bytes that this version defines", () => {
    assert.equal(encodeBeat(beatOfSite()).toString("hex"), goldenBytes.toString("hex"));
    assert.deepEqual(decodeBeats(goldenBytes, 1), [beatOfSite()]);
  });

  it("says in one byte whether its sender leads, and whether it leaves", () => {
    const flagsAt = golden.slice(0, 5).join("").replaceAll(" ", "").length / 2;
    for (const [leading, leaving, flags] of [
      [false, true, 2],
      [true, true, 3],
    ] as const) {
      const beat = beatOfSite({ leading, leaving });
      const bytes = encodeBeat(beat);
      assert.equal(bytes[flagsAt], flags);
      assert.deepEqual(decodeBeats(bytes, 1), [beat]);
    }
    const bytes = Buffer.from(goldenBytes);
    bytes[flagsAt] = 4;
    assert.throws(() => decodeBeats(bytes, 1), BeatError);
  });

  it("is decoded as it was, alone and after others", () => {
    fc.assert(
      fc.property(fc.array(anyBeat, { maxLength: 4 }), (beats) => {
        const bytes = Buffer.concat(beats.map(encodeBeat));
        assert.deepEqual(decodeBeats(bytes, beats.length), beats);
      }),
    );
  });

  it("fits into a frame with the longest names and the most paths", () => {
    const long = (length: number, last: number) => `${"n".repeat(length - 1)}${last}`;
    const paths = Array.from({ length: 8 }, (_, i) => ({
      path: long(40, i),
      ready: true,
      up: true,
      failed: true,
    }));
    const beat = beatOfSite({
      connection: long(253, 0),
      active: long(40, 0),
      dialled: long(40, 1),
      paths,
    });
    assert.ok(encodeBeat(beat).length <= mostBeatBytes);
  });

  it("is refused wherever it is cut, and with bytes after it", () => {
    for (let end = 0; end < goldenBytes.length; end++)
      assert.throws(() => decodeBeats(goldenBytes.subarray(0, end), 1), BeatError);
    assert.throws(() => decodeBeats(Buffer.concat([goldenBytes, Buffer.alloc(1)]), 1), BeatError);
    assert.throws(() => decodeBeats(goldenBytes, 0), BeatError);
  });

  it("is refused with a name that is empty, too long, unprintable or twice there", () => {
    const refused = (changes: Partial<ConnectionBeat>) =>
      assert.throws(() => decodeBeats(encodeBeat(beatOfSite(changes)), 1), BeatError);
    const path = { path: "main", ready: false, up: false, failed: false };
    refused({ connection: "" });
    refused({ active: "" });
    refused({ active: "a".repeat(41) });
    refused({ active: "a\u001b[2J" });
    refused({ connection: "two words" });
    refused({ paths: [path, path] });
    refused({ paths: [{ ...path, path: "" }] });
    refused({ paths: Array.from({ length: 9 }, (_, i) => ({ ...path, path: `p${i}` })) });
  });

  it("is refused with an epoch from which an agent could not count on", () => {
    const bytes = encodeBeat(beatOfSite({ epoch: 2 ** 47 }));
    assert.equal(decodeBeats(bytes, 1)[0]?.epoch, 2 ** 47);
    assert.throws(() => decodeBeats(encodeBeat(beatOfSite({ epoch: 2 ** 47 + 1 })), 1), BeatError);
  });

  it("is refused by its sender with an epoch that is not a number of decisions", () => {
    for (const epoch of [-1, 0.5, 2 ** 48, Number.NaN, Infinity])
      assert.throws(() => encodeBeat(beatOfSite({ epoch })), BeatError);
  });

  it("has a cause that a later version added read as a loss", () => {
    const later = Buffer.from(goldenBytes);
    later[17] = 200;
    assert.equal(decodeBeats(later, 1)[0]?.cause, "lost");
  });

  it("is decoded or refused by name, whatever its bytes are", () => {
    const changed = fc
      .tuple(fc.nat(goldenBytes.length - 1), fc.nat(255))
      .map(([at, byte]) => Buffer.from(goldenBytes.map((old, i) => (i === at ? byte : old))));
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 1_200 }).map((some) => Buffer.from(some)),
      changed,
    );
    fc.assert(
      fc.property(bytes, fc.nat(65_535), (some, count) => {
        for (const number of [1, count]) {
          try {
            for (const beat of decodeBeats(some, number)) encodeBeat(beat);
          } catch (error) {
            assert.ok(error instanceof BeatError, String(error));
          }
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
