import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { childSpec, connectionSpec, psk, secret, yaml } from "../sites/manifests.ts";
import { Pinging } from "../sites/pings.ts";
import { eventually } from "../sites/shell.ts";
import { TwoSites } from "../sites/two-sites.ts";

const hybrid = {
  ike: "aes256gcm16-prfsha256-x25519-ke1_mlkem768",
  esp: "aes256gcm16-x25519-ke1_mlkem768",
};
const classic = { ike: "aes256gcm16-prfsha256-x25519", esp: "aes256gcm16-x25519" };
const image = { image: "ipman-charon" };
const host = { image: "" };

/** A connection with these proposals, in the order of preference. */
function withProposals(...proposals: readonly (typeof hybrid)[]) {
  const joined = (of: "ike" | "esp") => proposals.map((proposal) => proposal[of]).join(", ");
  const child = childSpec(2, { extra: { esp_proposals: joined("esp"), start_action: "start" } });
  const extra = { proposals: joined("ike") };
  return connectionSpec("site", { extra, children: { "child-2": child } });
}

/** The messages of a condition: of the connection, and of its child. */
async function messages(lab: TwoSites, condition: string): Promise<(string | undefined)[]> {
  const [connection] = (await lab.ipman.status()).connections;
  return [connection, connection?.children[0]].map(
    (subject) => subject?.conditions.find(({ type }) => type === condition)?.message,
  );
}

async function rekey(lab: TwoSites, selector: object): Promise<void> {
  const session = await lab.node.session();
  await session.request("rekey", { ...selector });
  session.close();
}

describe("a key exchange with ML-KEM", () => {
  it("establishes and rekeys between two charons that have it, without a lost ping", async () => {
    await using lab = await TwoSites.build(undefined, { node: image, peer: image });
    await lab.up(withProposals(hybrid));
    const ofIke = "the IKE SA is up, with the key exchange CURVE_25519/ML_KEM_768";
    assert.deepEqual(await messages(lab, "Established"), [ofIke, "a CHILD SA is up"]);
    const pinging = new Pinging("app", "10.1.2.1");
    await rekey(lab, { child: "child-2" });
    const ofChild = "a CHILD SA is up, with the key exchange CURVE_25519/ML_KEM_768";
    await eventually(async () =>
      assert.deepEqual(await messages(lab, "Established"), [ofIke, ofChild]),
    );
    await rekey(lab, { ike: "site" });
    await eventually(() => assert.match(lab.node.log, /IKE_SA site\[\d+\] rekeyed between/));
    await eventually(async () =>
      assert.deepEqual(await messages(lab, "Established"), [ofIke, ofChild]),
    );
    const scraped = await lab.ipman.scrape();
    for (const owner of ["", 'child="child-2",']) {
      const series = `ipman_key_exchange_info{connection="site",${owner}methods="CURVE_25519/ML_KEM_768"} 1`;
      assert.ok(scraped.includes(series), series);
    }
    const { sent, lost } = await pinging.stop();
    assert.ok(sent > 0);
    assert.deepEqual(lost, []);
  });

  it("is left out with a peer that does not have it, if the peer accepts the next proposal", async () => {
    await using lab = await TwoSites.build(undefined, { node: image, peer: host });
    const theirs = {
      connection: { proposals: [classic.ike] },
      child: { esp_proposals: [classic.esp] },
    };
    await lab.up(withProposals(hybrid, classic), theirs);
    const [ofIke] = await messages(lab, "Established");
    assert.equal(ofIke, "the IKE SA is up, with the key exchange CURVE_25519");
  });

  it("is not offered by a charon that does not have it, and the status says so", async () => {
    await using lab = await TwoSites.build(undefined, { node: host, peer: image });
    await lab.mirror(withProposals(hybrid, classic));
    lab.ipman.apply("secret.yaml", yaml(secret({ site: psk })));
    lab.ipman.apply("site.yaml", yaml(withProposals(hybrid)));
    await lab.ipman.start();
    const refused = await lab.ipman.reason("site", "AlgorithmUnsupported");
    assert.match(refused.failure?.message ?? "", /^charon 5\.\S+ has no ke1_mlkem768/);
    lab.ipman.apply("site.yaml", yaml(withProposals(hybrid, classic)));
    await lab.ipman.ready("site");
    const [ofCharon] = await messages(lab, "CharonReady");
    assert.match(ofCharon ?? "", /^charon answers; charon 5\.\S+ does not offer "/);
    const [ofIke] = await messages(lab, "Established");
    assert.equal(ofIke, "the IKE SA is up, with the key exchange CURVE_25519");
  });
});
