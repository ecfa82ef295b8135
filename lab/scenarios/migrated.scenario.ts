import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { childSpec, connectionSpec, psk, secret, yaml } from "../sites/manifests.ts";
import { TwoSites } from "../sites/two-sites.ts";

interface Case {
  readonly child?: object;
  /** The child's key in the manifest. */
  readonly key?: string;
  /** The key as the Secret has it, and as the peer has it. */
  readonly secret?: readonly [ours: string, theirs: string];
}

const withExtra = (extra: object) => ({ extra: { ...childSpec().extra, ...extra } });

/** Configurations that people bring along, each of which works with the peer as it is. */
const cases: Readonly<Record<string, Case>> = {
  "a network that is within another one": {
    child: { remote_ips: ["10.64.0.0/10", "10.70.0.0/16"] },
  },
  "a key in base64, as swanctl reads it": {
    secret: ["0sZG9jdW1lbnRhdGlvbi1vbmx5", "documentation-only"],
  },
  "charon's own words for actions": {
    child: withExtra({ dpd_action: "start", close_action: "trap" }),
  },
  "a Brainpool group": { child: withExtra({ esp_proposals: "aes256gcm16-ecp512bp" }) },
  "the name of a member of every object": { key: "constructor" },
};

describe("a configuration that another program had", () => {
  const resources = new AsyncDisposableStack();
  let lab: TwoSites;
  const names = Object.keys(cases).map((_, i) => `brought-${i}`);

  before(async () => {
    lab = resources.use(await TwoSites.build());
    const keys: Record<string, string> = {};
    for (const [i, { child = {}, key = "net", secret: both = [psk, psk] }] of Object.values(
      cases,
    ).entries()) {
      const name = names[i] ?? "";
      const cr = connectionSpec(name, { children: { [key]: childSpec(i + 2, child) } });
      keys[name] = both[0];
      await lab.mirror(cr, { secret: both[1] });
      lab.ipman.apply(`${name}.yaml`, yaml(cr));
    }
    lab.ipman.apply("secret.yaml", yaml(secret(keys)));
    await lab.ipman.start();
  });
  after(() => resources.disposeAsync());

  for (const [i, what] of Object.keys(cases).entries()) {
    it(`comes up once and stays, with ${what}`, async () => {
      const name = names[i] ?? "";
      await lab.ipman.ready(name);
      await pause(1_000);
      const established = lab.node.log.match(
        new RegExp(`IKE_SA ${name}\\[\\d+\\] established`, "g"),
      );
      assert.equal(established?.length, 1);
      const { children } = await lab.ipman.ready(name);
      assert.deepEqual(
        children.map(({ state }) => state),
        ["established"],
      );
    });
  }
});
