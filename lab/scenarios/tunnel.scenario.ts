import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { connectionSpec, psk, secret, yaml } from "../sites/manifests.ts";
import { ip } from "../sites/shell.ts";
import { ping } from "../sites/traffic.ts";
import { TwoSites } from "../sites/two-sites.ts";

describe("a tunnel from two YAML files", () => {
  let lab: TwoSites;
  const cr = connectionSpec("first");

  before(async () => {
    lab = await TwoSites.build();
    await lab.mirror(cr);
  });
  after(() => lab[Symbol.asyncDispose]());

  it("comes up", async () => {
    lab.ipman.apply("secret.yaml", yaml(secret({ first: psk })));
    lab.ipman.apply("first.yaml", yaml(cr));
    await lab.ipman.start();
    await lab.ipman.ready("first");
  });

  it("carries a worker's packets to the peer and back", () => {
    ip("netns add app");
    assert.equal(lab.ipman.attach("app", "first", "child-2"), "10.0.2.3/24");
    assert.deepEqual(ping("app", "10.1.2.1", "-c", "20", "-i", "0.01"), { sent: 20, received: 20 });
  });
});
