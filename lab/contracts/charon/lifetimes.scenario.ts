import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Message, Session } from "vici-client";
import { childExtraMessage } from "../../../src/model/charon/options/extra.ts";
import { conn, peers, sharedOf } from "../../../test/simulator/charon/peers.ts";
import { peerHalf } from "../../sites/peer.ts";
import { eventually } from "../../sites/shell.ts";
import { TwoSites } from "../../sites/two-sites.ts";

/** Lifetimes of a child for which charon 5.9.8 would rekey each SA at once. */
const lifetimes = [
  { rekey_time: "1h", life_time: "8h" },
  { rekey_time: "0s", life_time: "8h" },
  { life_time: "10m" },
];

describe("the lifetimes that ipman completes", () => {
  const resources = new AsyncDisposableStack();
  let session: Session;
  const message = conn("good")["good"] as Message;
  const { net } = message["children"] as Record<string, Message>;

  before(async () => {
    const lab = resources.use(await TwoSites.build());
    session = await lab.node.session();
    resources.defer(() => session.close());
    const half = peerHalf(message, peers.good.address, { rekey_time: "0s" });
    for (const end of [session, lab.peerSession])
      await end.request("load-shared", { id: "good", ...sharedOf("good") });
    await lab.peerSession.request("load-conn", { good: half });
  });
  after(() => resources.disposeAsync());

  for (const options of lifetimes) {
    it(`${JSON.stringify(options)} give an SA that is rekeyed in time, if at all`, async () => {
      const child = { ...net, ...childExtraMessage(options) };
      await session.request("load-conn", { good: { ...message, children: { net: child } } });
      await session.request("initiate", { ike: "good", child: "net", timeout: "-1" });
      const sa = await eventually(async () => {
        const [listed] = await Array.fromAsync(session.stream("list-sas"));
        const found = Object.values(listed?.["good"]?.["child-sas"] ?? {});
        assert.deepEqual(
          found.map(({ state }) => state),
          ["INSTALLED"],
        );
        return found[0] as unknown as Record<string, string>;
      });
      await session.request("terminate", { ike: "good" });
      // charon does not list the time of a rekey that it does not schedule.
      const rekey = Number(sa["rekey-time"] ?? "1");
      assert.ok(rekey > 0 && rekey < Number(sa["life-time"]), JSON.stringify(sa));
    });
  }
});
