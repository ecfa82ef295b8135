import assert from "node:assert/strict";
import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { Ipman } from "../sites/ipman.ts";
import { connectionSpec, psk, secret, yaml } from "../sites/manifests.ts";
import { sh } from "../sites/shell.ts";

const bin = join(import.meta.dirname, "../../bin");
/** The file that a name creates if a shell runs it, or if it leaves its folder. */
const hit = "/run/hit";

describe("names of refused manifests", () => {
  const resources = new AsyncDisposableStack();
  let folder: string;
  let ipman: Ipman;

  before(async () => {
    folder = mkdtempSync(join(process.env["ARTIFACTS"] ?? tmpdir(), "names-"));
    ipman = resources.use(new Ipman(folder, "/run/none.vici"));
    const names = [`$(touch ${hit})`, `\`touch ${hit}\``, `../../../../../..${hit}`, "\u001b[2J"];
    for (const [n, name] of names.entries())
      ipman.apply(`refused-${n}.yaml`, yaml({ ...connectionSpec("x"), metadata: { name } }));
    ipman.apply("good.yaml", yaml(secret({ good: psk }), connectionSpec("good")));
    await ipman.start("--inspect", "off");
    const { connections } = await ipman.until((status) => status.connections.length > names.length);
    assert.equal(connections.length, names.length + 1);
  });
  after(() => resources.disposeAsync());

  it("run no command in the completion of a shell, and are not offered", () => {
    const script = `PATH=${bin}:$PATH
      eval "$(ipman completion bash)"
      COMP_WORDS=(ipman describe "") COMP_CWORD=2; _ipman
      printf '%s\\n' "\${COMPREPLY[@]}"`;
    const offered = sh("bash", "-c", script).split("\n");
    assert.deepEqual(
      offered.filter((word) => word !== "" && !word.startsWith("--")),
      ["good"],
    );
    assert.ok(!existsSync(hit));
  });

  it("do not become paths in an archive", () => {
    const archive = join(folder, "gathered.tar.gz");
    sh(join(bin, "ipman"), "gather", "-o", archive);
    const files = sh("tar", "-tzf", archive).split("\n");
    assert.ok(files.includes("ipman-gathered/connections/good/log.txt"));
    const others = files.filter((file) => /connections\/[^/]/.test(file) && !/\/good\//.test(file));
    assert.deepEqual(others, []);
    assert.ok(!existsSync(hit));
  });

  it("are shown without control characters", () => {
    const shown = sh("bash", "-c", `${join(bin, "ipman")} status || true`);
    assert.match(shown, /\\x1b\[2J/);
    assert.ok(!shown.includes("\u001b[2J"));
  });
});
