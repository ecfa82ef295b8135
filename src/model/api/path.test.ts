import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { messageFromConnection } from "../charon/vici-message.ts";
import { manifest } from "../validation/manifests.fixture.ts";
import { connectionFromCr } from "../validation/connection-from-cr.ts";
import {
  allPathConnections,
  ifIdsOfPaths,
  coldStandby,
  isHere,
  leads,
  pathConnections,
  pathNames,
  pathsElsewhere,
  tunnelIfIds,
} from "./path.ts";

function connectionWith(spec: object) {
  const cr = manifest();
  Object.assign(cr.spec, spec);
  const parsed = connectionFromCr(cr);
  assert.ok(parsed.ok);
  return parsed.value;
}

const named = (...names: string[]) =>
  connectionWith({ paths: names.map((name, i) => ({ name, remoteAddr: `192.0.2.${i + 1}` })) });

const ifIdOf = (names: string[], wanted: string) => {
  const found = pathConnections(named(...names)).find(({ path }) => path === wanted);
  return found?.connection.children[0]?.ifId;
};

describe("the paths of a connection", () => {
  it("are the connection itself if it declares none", () => {
    const connection = connectionWith({});
    assert.deepEqual(
      pathConnections(connection).map(({ path }) => path),
      ["main"],
    );
    assert.equal(pathConnections(connection)[0]?.connection, connection);
  });

  it("have names and if_ids of their own, except for the main one", () => {
    const connection = named("main", "backup");
    const [main, backup] = pathConnections(connection);
    assert.equal(main?.connection.name, "example");
    assert.equal(main.connection.children[0]?.ifId, 102);
    assert.equal(backup?.connection.name, "example/backup");
    assert.equal(backup.connection.remoteAddr, "192.0.2.2");
    const ifId = backup.connection.children[0]?.ifId ?? 0;
    assert.ok(ifId > 0xffffff && ifId <= 0x7fffffff, String(ifId));
    assert.equal(ifId % 2 ** 24, 102);
    assert.deepEqual(tunnelIfIds(connection, "example-child"), [102, ifId]);
    assert.ok(ifIdsOfPaths(102).includes(ifId));
    assert.deepEqual(
      allPathConnections([connection]).map(({ name }) => name),
      ["example", "example/backup"],
    );
  });

  it("keep their if_ids whichever paths are before or beside them", () => {
    const alone = ifIdOf(["main", "backup"], "backup");
    assert.equal(ifIdOf(["backup", "main"], "backup"), alone);
    assert.equal(ifIdOf(["main", "third", "backup"], "backup"), alone);
    assert.equal(ifIdOf(["east", "backup"], "backup"), alone);
  });

  it("have different if_ids, also of names with the same hash", () => {
    const names = Array.from({ length: 400 }, (_, i) => `p${i}`);
    const byIfId = Map.groupBy(names, (name) => ifIdOf([name], name));
    const twins = [...byIfId.values()].find(({ length }) => length > 1)?.slice(0, 2) ?? [];
    assert.equal(twins.length, 2);
    const ifIds = pathConnections(named(...twins)).map(
      ({ connection }) => connection.children[0]?.ifId,
    );
    assert.equal(new Set(ifIds).size, 2);
  });

  it("are dialled here only, with the same names and if_ids as in another group", () => {
    const all = named("main", "backup", "third");
    const connection = { ...all, here: ["backup"] };
    const [backup, ...others] = pathConnections(connection);
    assert.deepEqual(others, []);
    assert.deepEqual(backup, pathConnections(all)[1]);
    assert.deepEqual(pathNames(connection), ["main", "backup", "third"]);
    assert.deepEqual(pathsElsewhere(connection), ["main", "third"]);
    assert.deepEqual(pathsElsewhere(all), []);
    assert.ok(isHere(connection, "backup") && leads(connection, "backup"));
    assert.ok(!isHere(connection, "main") && !leads(connection, "main"));
    assert.deepEqual(pathNames(connectionWith({})), ["main"]);
  });

  it("have the node of the connection, or their own one", () => {
    const groupRef = { namespace: "vpn", name: "main" };
    const paths = [{ name: "main" }, { name: "b", nodeName: "node-b" }, { name: "c", groupRef }];
    const places = connectionWith({ paths }).paths.map((path) => [path.nodeName, path.groupRef]);
    assert.deepEqual(places, [
      ["your-node-name", undefined],
      ["node-b", undefined],
      [undefined, groupRef],
    ]);
  });

  it("have the values of the connection that they do not replace", () => {
    const connection = connectionWith({
      extra: { dpd_delay: "5s", rekey_time: "1h" },
      paths: [
        { name: "main" },
        {
          name: "backup",
          remoteAddr: "192.0.2.9",
          remoteId: " other ",
          localAddr: "%any",
          secretRef: { name: "other", namespace: "default", key: "psk" },
          extra: { dpd_delay: "9s" },
        },
      ],
    });
    const [main, backup] = pathConnections(connection).map((one) => one.connection);
    assert.deepEqual(main?.extra, { dpd_delay: "5s", rekey_time: "1h" });
    assert.deepEqual(backup?.extra, { dpd_delay: "9s", rekey_time: "1h" });
    assert.deepEqual([main.localAddr, backup.localAddr], ["192.168.1.1", undefined]);
    assert.deepEqual([main.remoteId, backup.remoteId], ["192.168.1.2", "other"]);
    assert.deepEqual([main.secretRef.key, backup.secretRef.key], ["example", "psk"]);
  });

  it("are warm on standby unless declared, which is not a value of their connections", () => {
    const paths = [{ name: "main" }, { name: "backup", remoteAddr: "192.0.2.9", standby: "cold" }];
    const connection = connectionWith({ paths });
    assert.deepEqual(
      connection.paths.map(({ standby }) => standby),
      ["warm", "cold"],
    );
    for (const path of pathConnections(connection))
      assert.ok(!Object.hasOwn(path.connection, "standby"));
  });

  it("let charon keep IKE SAs of the same identities and notice a loss, unless declared or alone", () => {
    const optionsOf = (connection: ReturnType<typeof named>) =>
      allPathConnections([connection]).map((path) => {
        const { unique, dpd_delay } = messageFromConnection(path)[path.name] ?? {};
        return [unique, dpd_delay];
      });
    const ofSeveral = ["never", "2s"];
    assert.deepEqual(optionsOf(named("main", "backup")), [ofSeveral, ofSeveral]);
    assert.deepEqual(optionsOf(named("main")), [[undefined, "10s"]]);
    const extra = { unique: "keep", dpd_delay: "5s" };
    const paths = [{ name: "main" }, { name: "backup", remoteAddr: "192.0.2.9" }];
    const declared = ["keep", "5s"];
    assert.deepEqual(optionsOf(connectionWith({ extra, paths })), [declared, declared]);
  });

  it("do not initiate on standby, and are the same objects each time", () => {
    const [main] = pathConnections(named("main", "backup"));
    assert.ok(main);
    const idle = coldStandby(main.connection);
    assert.equal(idle, coldStandby(main.connection));
    assert.equal(idle.children[0]?.initiates, false);
    assert.equal(idle.children[0].extra["start_action"], undefined);
    assert.equal(main.connection.children[0]?.initiates, true);
  });
});
