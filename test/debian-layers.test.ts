import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";

const root = join(import.meta.dirname, "..");

/** images/debian.sh with an archive that has one version of each package, and without tar. */
const script = `set -euo pipefail
cache=$1/cache file=$1/layer version=$2
. images/debian.sh
archive_answers() { [ -n "$version" ]; }
debian_offers() { shift; printf "%s=$version\\n" "$@"; }
make_debian_layer() { echo "$1 was made" >&2; echo "$4" >"$2"; }
rm -f "$file"
debian_layer base "$file" bookworm "\${@:3}"`;

describe("a layer of Debian packages", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "layers-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** Builds with an archive that has this version; empty if the archive does not answer. */
  function build(version: string, ...packages: string[]) {
    const args = ["-c", script, "bash", folder, version, ...packages];
    const { status, stderr } = spawnSync("bash", args, { cwd: root, encoding: "utf8" });
    const layer = status === 0 ? readFileSync(join(folder, "layer"), "utf8").trim() : undefined;
    return { status, stderr, layer };
  }
  const kept = () => readdirSync(join(folder, "cache")).filter((name) => name.endsWith(".tar"));

  it("is built again only if the archive has another version", () => {
    assert.deepEqual(build("1", "libc6"), {
      status: 0,
      stderr: "base was made\n",
      layer: "libc6=1",
    });
    assert.deepEqual(build("1", "libc6"), { status: 0, stderr: "", layer: "libc6=1" });
    assert.equal(build("1+deb12u1", "libc6").layer, "libc6=1+deb12u1");
  });

  it("is the last layer of the same packages, with a warning, if the archive does not answer", () => {
    build("1", "libc6");
    build("2", "libc6", "curl");
    const { layer, stderr } = build("", "libc6");
    assert.equal(layer, "libc6=1");
    assert.match(stderr, /WARNING: .*archive cannot be read: base takes the packages of 20/);
  });

  it("is not built if the archive does not answer and the cache has no layer of the same packages", () => {
    build("1", "libc6");
    const { status, stderr } = build("", "libc6", "curl");
    assert.equal(status, 1);
    assert.match(stderr, /base: Debian's archive cannot be read, and the cache has no layer/);
  });

  it("stays in the cache together with the layer that was used before it", () => {
    for (const version of ["1", "2", "1", "3"]) build(version, "libc6");
    const texts = kept().map((name) => readFileSync(join(folder, "cache", name), "utf8").trim());
    assert.deepEqual(texts.sort(), ["libc6=1", "libc6=3"]);
  });
});
