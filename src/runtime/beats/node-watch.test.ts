import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatAddress, parseAddress, type Address } from "../../model/net/address.ts";
import { NodeWatch } from "./node-watch.ts";

const addresses = (...texts: string[]) => texts.map((text) => parseAddress(text) as Address);

/** A watch whose sockets note their calls; those of unreachable addresses fail. */
function watched() {
  const calls: string[] = [];
  const unreachable = new Set<string>();
  let answers = 0;
  const watch = new NodeWatch(
    (target, onAnswer) => {
      const text = formatAddress(target);
      calls.push(`open ${text}`);
      return {
        send: (sequence) => {
          if (unreachable.has(text)) throw new Error("ENETUNREACH");
          calls.push(`send ${text} ${sequence}`);
          onAnswer();
        },
        drain: () => calls.push(`drain ${text}`),
        [Symbol.dispose]: () => calls.push(`close ${text}`),
      };
    },
    () => (answers += 1),
  );
  const taken = () => calls.splice(0);
  return { watch, taken, unreachable, answers: () => answers };
}

describe("the watch of a node", () => {
  it("sends requests to all addresses, and opens each socket once", () => {
    const { watch, taken, answers } = watched();
    watch.aim(addresses("10.0.0.1", "fd00::1"));
    watch.ask();
    watch.ask();
    watch.drain();
    const [first, second] = ["10.0.0.1", "fd00::1"];
    assert.deepEqual(taken(), [
      `open ${first}`,
      `send ${first} 1`,
      `open ${second}`,
      `send ${second} 1`,
      `send ${first} 2`,
      `send ${second} 2`,
      `drain ${first}`,
      `drain ${second}`,
    ]);
    assert.equal(answers(), 4);
  });

  it("closes the sockets of former addresses, and all at its end", () => {
    const { watch, taken } = watched();
    watch.aim(addresses("10.0.0.1", "10.0.0.2"));
    watch.ask();
    taken();
    watch.aim(addresses("10.0.0.2"));
    assert.deepEqual(taken(), ["close 10.0.0.1"]);
    watch[Symbol.dispose]();
    assert.deepEqual(taken(), ["close 10.0.0.2"]);
    watch.ask();
    assert.deepEqual(taken(), []);
  });

  it("opens a socket again after a request that could not be sent", () => {
    const { watch, taken, unreachable, answers } = watched();
    watch.aim(addresses("10.0.0.1"));
    unreachable.add("10.0.0.1");
    watch.ask();
    assert.deepEqual(taken(), ["open 10.0.0.1", "close 10.0.0.1"]);
    unreachable.clear();
    watch.ask();
    assert.equal(answers(), 1);
  });

  it("asks a few addresses only", () => {
    const { watch, taken } = watched();
    watch.aim(addresses(...Array.from({ length: 20 }, (_, i) => `10.0.0.${i}`)));
    watch.ask();
    assert.equal(taken().length, 8);
  });
});
