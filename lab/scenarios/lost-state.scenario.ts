import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { find } from "../sites/ipman.ts";
import { connectionSpec } from "../sites/manifests.ts";
import { answered } from "../sites/pings.ts";
import { eventually, inNetns, ip } from "../sites/shell.ts";
import { TwoSites } from "../sites/two-sites.ts";

describe("a host that loses its state", () => {
  const resources = new AsyncDisposableStack();
  let lab: TwoSites;

  before(async () => {
    lab = resources.use(await TwoSites.build());
    await lab.up(connectionSpec("first"));
    works();
  });
  after(() => resources.disposeAsync());

  const works = () => assert.equal(answered("app", "10.1.2.1", "-c", "1"), 1);
  const inState = (name: string) => join(lab.ipman.state, name);
  const addresses = () =>
    ["app", "ipman-102"].flatMap((name) => {
      const listed = inNetns(name, "ip -4 -o addr show scope global");
      return listed.match(/\S+ +inet \S+/g)?.toSorted();
    });
  const workers = async () => {
    const child = find(await lab.ipman.status(), "first")?.children[0];
    return child?.workers.map(({ address }) => address);
  };
  /** Starts ipman, which attaches the worker again with the same address. */
  const recovers = async () => {
    await lab.ipman.start();
    await lab.ipman.ready("first");
    await eventually(async () => assert.deepEqual(await workers(), ["10.0.2.3/24"]), 30_000);
    await eventually(works);
  };

  for (const [file, broken] of [
    ["endpoints.json", ""],
    ["endpoints.json", '{"gateways":[{"id":'],
    ["segment.key", ""],
  ] as const) {
    it(`starts with a ${file} that is ${broken === "" ? "empty" : "truncated"}, and recovers`, async () => {
      const before = addresses();
      await lab.ipman.stop();
      writeFileSync(inState(file), broken);
      await recovers();
      assert.deepEqual(addresses(), before);
      const { stateProblem } = await lab.ipman.status();
      assert.match(stateProblem ?? "", new RegExp(`${file} cannot be read: .*unreadable`));
      assert.equal(readFileSync(inState(`${file}.unreadable`), "utf8"), broken);
      rmSync(inState(`${file}.unreadable`));
      assert.equal((await lab.ipman.status()).stateProblem, undefined);
    });
  }

  it("recovers if the whole folder is gone at the start", async () => {
    const before = addresses();
    await lab.ipman.stop();
    rmSync(lab.ipman.state, { recursive: true });
    await recovers();
    assert.deepEqual(addresses(), before);
  });

  it("restores the folder if it is removed while ipman runs", async () => {
    const key = readFileSync(inState("segment.key"), "utf8");
    rmSync(lab.ipman.state, { recursive: true });
    await eventually(() => lab.ipman.status());
    assert.equal(statSync(lab.ipman.state).mode & 0o777, 0o700);
    ip("netns add second");
    assert.equal(lab.ipman.attach("second", "first", "child-2"), "10.0.2.4/24");
    assert.equal(readFileSync(inState("segment.key"), "utf8"), key);
    await eventually(() => assert.match(readFileSync(inState("endpoints.json"), "utf8"), /app/));
    await eventually(works);
    const log = readFileSync(join(lab.folder, "ipman.log"), "utf8");
    assert.match(log, /another program removed .*control\.sock; ipman restores it/);
  });

  it("runs without metrics while another program has their port", async () => {
    await lab.ipman.stop();
    const other = createServer().listen(9_740, "127.0.0.1");
    await once(other, "listening");
    await lab.ipman.start();
    await lab.ipman.ready("first");
    assert.ok(existsSync(inState("control.sock")));
    const log = readFileSync(join(lab.folder, "ipman.log"), "utf8");
    assert.match(log, /--metrics 127\.0\.0\.1:9740: the address is in use by another process/);
    await new Promise((resolve) => other.close(resolve));
    await eventually(
      async () => assert.match(await lab.ipman.scrape(), /ipman_child_up/),
      35_000,
      200,
    );
  });
});
