import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { connect, type Session } from "vici-client";
import { PeerRoot } from "../../peers/peer-root.ts";
import { charonUnderTest } from "../../sites/charon.ts";
import { end, eventually, sh, start } from "../../sites/shell.ts";

/** The folder that a pod of charon shares with its agent. */
const shared = "/run/ipman";
const settings = "/etc/ipman/strongswan.conf";
const capabilities = "-all,+net_admin,+net_bind_service,+net_raw";

/** The files that images/build.sh adds to the packages, by their paths in the image. */
const added = {
  "/usr/lib/ipman/entrypoint": "images/charon-entrypoint",
  "/etc/ipman/strongswan.d/none.conf": "/dev/null",
};

describe("charon in its image", { skip: charonUnderTest === "" }, () => {
  const resources = new AsyncDisposableStack();
  const folder = mkdtempSync(join(process.env["ARTIFACTS"] ?? "/tmp", "image-"));
  const log = join(folder, "charon.log");
  let root: PeerRoot;
  let session: Session;

  before(async () => {
    root = resources.use(new PeerRoot(charonUnderTest, folder));
    for (const [path, file] of Object.entries(added)) {
      root.folder(dirname(path));
      copyFileSync(file, join(root.path, path));
    }
    sh(
      "bash",
      "-euc",
      `. images/charon-layers.sh; charon_settings ${root.path} >${join(root.path, settings)}`,
    );
    sh("mount", "-o", "remount,ro", root.path);
    mkdirSync(shared, { recursive: true });
    resources.defer(() => rmSync(shared, { recursive: true }));
    const environment = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", `STRONGSWAN_CONF=${settings}`];
    const pod = ["setpriv", "--bounding-set", capabilities, "/usr/lib/ipman/entrypoint", "charon"];
    const command = ["-i", ...environment, "chroot", root.path, ...pod];
    const charon = start(log, "env", command);
    resources.defer(() => end(charon));
    session = await eventually(() => connect({ path: join(shared, "charon.vici") }), 20_000);
    resources.defer(() => session.close());
  });
  after(() => resources.disposeAsync());

  it("loads every plugin of its settings", async () => {
    const { plugins } = (await session.request("stats")) as { plugins?: string[] };
    assert.doesNotMatch(readFileSync(log, "utf8"), /failed to load/);
    for (const name of ["openssl", "kernel-netlink", "socket-default", "vici", "counters"])
      assert.ok(plugins?.includes(name), `${name} of ${plugins?.join(" ")}`);
  });

  it("has the algorithms of ipman's defaults, and ML-KEM", async () => {
    const { encryption, aead, integrity, ke } = await session.request("get-algorithms");
    for (const [name, section] of [
      ["AES_CBC", encryption],
      ["AES_GCM_16", aead],
      ["HMAC_SHA2_256_128", integrity],
      ["ECP_256", ke],
      ["ML_KEM_768", ke],
    ] as const)
      assert.ok(name in ((section ?? {}) as object), name);
  });

  it("knows protocols by their names", async () => {
    const child = { local_ts: ["10.0.0.0/24[tcp/https]"] };
    await session.request("load-conn", { one: { children: { net: child } } });
    await session.request("unload-conn", { name: "one" });
  });

  it("reads the agent's settings when they are reloaded by the image's swanctl", () => {
    root.write(join(shared, "charon.conf"), "threads = 9\n");
    const swanctl = (option: string) =>
      sh("env", `STRONGSWAN_CONF=${settings}`, "chroot", root.path, "swanctl", option);
    swanctl("--reload-settings");
    assert.match(swanctl("--stats"), /worker threads/);
  });
});
