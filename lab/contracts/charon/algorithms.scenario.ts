import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Message, Session } from "vici-client";
import { algorithmsIn } from "../../../src/adapters/vici/algorithms.ts";
import { algorithmName } from "../../../src/model/charon/proposals/algorithm-name.ts";
import { unsupportedKeyword } from "../../../src/model/charon/proposals/charon-algorithms.ts";
import { isInRange } from "../../../src/model/charon/proposals/charon-version.ts";
import {
  isNoGroup,
  keywords,
  type Transform,
} from "../../../src/model/charon/proposals/keywords.ts";
import { simulatedAlgorithms } from "../../../test/simulator/charon/algorithms.ts";
import { Charon } from "../../sites/charon.ts";

/** IKE proposals in which a keyword may be used. */
const templates: Readonly<Record<Transform, string>> = {
  cipher: "WORD-sha512-ecp521",
  aead: "WORD-prfsha512-ecp521",
  integrity: "aes128ctr-WORD-prfsha512-ecp521",
  prf: "aes128ctr-sha384-WORD-ecp521",
  group: "aes128ctr-sha384-WORD",
  "additional group": "aes128ctr-sha384-ecp521-WORD",
  esn: "aes128ctr-sha384-ecp521-WORD",
};

describe("the algorithms of a real charon", () => {
  const resources = new AsyncDisposableStack();
  let charon: Charon;
  let session: Session;

  before(async () => {
    const folder = mkdtempSync(join(process.env["ARTIFACTS"] ?? "/tmp", "algorithms-"));
    charon = resources.use(new Charon({ name: "algorithms-charon", folder }));
    await charon.start();
    session = await charon.session();
    resources.defer(() => session.close());
  });
  after(() => resources.disposeAsync());

  it("are those of the simulator", async () => {
    const real = algorithmsIn(charon.version, await session.request("get-algorithms"));
    const simulated = simulatedAlgorithms(charon.version);
    const sorted = (names: ReadonlySet<string> = new Set()) => [...names].toSorted();
    assert.deepEqual(sorted(simulated.names), sorted(real?.names));
  });

  it("include those of ipman's defaults", async () => {
    const real = algorithmsIn(charon.version, await session.request("get-algorithms"));
    assert.ok(real !== undefined);
    assert.equal(unsupportedKeyword("ike", "aes256-sha256-ecp256", real), undefined);
    assert.equal(unsupportedKeyword("esp", "aes256-sha256-ecp256", real), undefined);
  });

  it("are listed by the names that ipman has for their keywords", async (t) => {
    if (isInRange(charon.version, { before: "6.0.7" })) return t.skip("it lists no proposals");
    for (const [word, { transform, versions }] of keywords) {
      if (!isInRange(charon.version, versions) || transform === "esn" || isNoGroup(word)) continue;
      const listed = await namesIn(templates[transform].replace("WORD", word));
      const name = algorithmName(word) ?? "no name";
      assert.ok(
        listed.some((item) => item === name || sizeless(item) === name),
        `${word}: ${name} of ${listed.join(" ")}`,
      );
    }
  });

  /** The names that charon lists for an IKE proposal. */
  async function namesIn(proposal: string): Promise<string[]> {
    await session.request("load-conn", { one: { proposals: [proposal] } });
    const [listed] = await Array.fromAsync(session.stream("list-conns"));
    await session.request("unload-conn", { name: "one" });
    const { proposals = {} } = (listed?.["one"] ?? {}) as { proposals?: Record<string, Message> };
    const [first = {}] = Object.values(proposals);
    return Object.values(first).flatMap((names) => names as string[]);
  }
});

/** A cipher's name without the size of its key. */
function sizeless(name: string): string {
  return name.replace(/_\d+$/, "");
}
