import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { golden } from "./golden.fixture.ts";
import { attributesIn, messagesIn } from "./reader.ts";
import { MessageWriter } from "./writer.ts";

const attribute = fc.tuple(fc.integer({ min: 1, max: 60 }), fc.uint8Array({ maxLength: 300 }));

describe("the netlink codec", () => {
  for (const { name, request, bytes, read, value } of golden) {
    it(`writes ${name}`, () => {
      const writer = new MessageWriter();
      request.write(writer);
      writer.end(7);
      assert.equal(writer.bytes().toString("hex"), bytes.toString("hex"));
    });

    it(`reads ${name}`, () => {
      const [message, ...more] = messagesIn(bytes);
      assert.deepEqual(more, []);
      assert.equal(message?.sequence, 7);
      assert.deepEqual(read(message?.body ?? Buffer.alloc(0)), value);
    });

    it(`leaves out ${name} if it is cut short`, () => {
      for (let end = 0; end < bytes.length; end++) {
        assert.deepEqual([...messagesIn(bytes.subarray(0, end))], []);
      }
    });

    it(`reads the body of ${name} without an exception if it is cut short`, () => {
      const body = bytes.subarray(16);
      for (let end = 0; end < body.length; end++) read(body.subarray(0, end));
    });
  }

  it("reads back the attributes that it writes", () => {
    fc.assert(
      fc.property(fc.array(attribute), (attributes) => {
        const writer = new MessageWriter();
        writer.begin(16, 0, 16);
        for (const [type, value] of attributes) writer.attribute(type, value);
        writer.end(1);
        const [message] = messagesIn(writer.bytes());
        const found = attributesIn(message?.body ?? Buffer.alloc(0), 16);
        assert.deepEqual(
          new Map([...found].map(([type, value]) => [type, Uint8Array.from(value)])),
          new Map(attributes),
        );
      }),
    );
  });

  it("reads back the messages that it writes, in their order", () => {
    fc.assert(
      fc.property(fc.array(attribute), (attributes) => {
        const writer = new MessageWriter();
        for (const [index, [type, value]] of attributes.entries()) {
          writer.begin(type, 0, 0).attribute(1, value);
          writer.end(index);
        }
        const types = [...messagesIn(writer.bytes())].map(({ type }) => type);
        assert.deepEqual(
          types,
          attributes.map(([type]) => type),
        );
      }),
    );
  });
});
