import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { find } from "../sites/ipman.ts";
import { childSpec, connectionSpec, psk, secret, yaml } from "../sites/manifests.ts";
import { ip } from "../sites/shell.ts";
import { answered, Pinging } from "../sites/pings.ts";
import { TwoSites } from "../sites/two-sites.ts";

/** The number of matches in charon's log. */
function count(log: string, pattern: RegExp): number {
  return log.match(pattern)?.length ?? 0;
}

describe("a peer whose answers differ from the manifest", () => {
  const resources = new AsyncDisposableStack();
  let lab: TwoSites;
  const remote_ips = ["10.1.2.0/24", "10.7.0.0/24"];
  const narrow = connectionSpec("narrow", {
    children: { "child-2": childSpec(2, { remote_ips }) },
  });

  before(async () => {
    lab = resources.use(await TwoSites.build());
    await lab.up(narrow, { child: { local_ts: ["10.1.2.0/24"] } });
  });
  after(() => resources.disposeAsync());

  it("narrows the networks of the first SA, which is kept and carries traffic, and a condition reports the rest", async () => {
    await lab.ipman.until((status) => {
      const [child] = find(status, "narrow")?.children ?? [];
      return child?.conditions.some(({ type }) => type === "Differs") === true;
    });
    const made = /CHILD_SA child-2\{\d+\} established/g;
    const before = count(lab.node.log, made);
    assert.equal(before, 1, `${before} CHILD SAs were created`);
    const pinging = new Pinging("app", "10.1.2.1");
    await pause(3_000);
    assert.equal((await pinging.stop()).lost.length, 0);
    assert.equal(count(lab.node.log, made), before, "no further SA is created");
    const status = find(await lab.ipman.status(), "narrow");
    const differs = status?.conditions.find(({ type }) => type === "Differs");
    assert.match(differs?.message ?? "", /the peer left out 10\.7\.0\.0\/24/);
    assert.equal(status?.conditions.find(({ type }) => type === "Ready")?.status, "True");
  });

  for (const [i, [localId, remoteId]] of [
    ["@node.site", "@peer.site"],
    ["CN=node,O=site", "CN=peer,O=site"],
    ["email:a@node.site", "FD00:1::2"],
  ].entries()) {
    it(`causes no second IKE SA if the identities are written ${localId} and ${remoteId}`, async () => {
      const name = `form-${i}`;
      const n = i + 3;
      const cr = connectionSpec(name, {
        localId,
        remoteId,
        children: { [`child-${n}`]: childSpec(n) },
      });
      await lab.mirror(cr);
      lab.ipman.apply("secret.yaml", yaml(secret({ narrow: psk, [name]: psk })));
      lab.ipman.apply("form.yaml", yaml(cr));
      await lab.ipman.ready(name);
      await pause(2_000);
      const established = new RegExp(`IKE_SA ${name}\\[\\d+\\] established`, "g");
      assert.equal(count(lab.node.log, established), 1);
      const app = `app-${n}`;
      ip(`netns add ${app}`);
      lab.ipman.attach(app, name, `child-${n}`);
      assert.equal(answered(app, `10.1.${n}.1`, "-c", "1"), 1);
    });
  }
});
