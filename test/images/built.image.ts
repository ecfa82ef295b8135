import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, globSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { openImage, type OpenImage } from "./image.ts";
import { readSbom } from "./sbom.ts";

/** Two folders that images/build.sh wrote, one after the other. */
const [first = "", second = ""] = ["first", "second"].map((build) =>
  join(process.env["IMAGES"] ?? "", build),
);
const lock = JSON.parse(readFileSync("package-lock.json", "utf8")) as {
  packages: Record<string, { version: string; integrity: string }>;
};
const node = lock.packages[`node_modules/node-linux-${process.arch}`];

function field(control: string, name: string): string {
  return new RegExp(`^${name}: (.*)$`, "m").exec(control)?.[1] ?? "";
}

/** The images, with the version of Debian whose packages they have. */
const images = [
  { name: "ipman", debian: "12" },
  { name: "ipman-charon", debian: "forky" },
  { name: "ipman-charon-legacy", debian: "12" },
] as const;

for (const { name, debian: version } of images) {
  describe(`the image ${name}`, () => {
    const folder = mkdtempSync(join(tmpdir(), "image-"));
    const archive = join(first, `${name}.tar`);
    const list = `${name}.spdx.json`;
    let image: OpenImage;
    before(() => {
      image = openImage(archive, folder);
    });
    after(() => rmSync(folder, { recursive: true }));

    const text = (path: string) => readFileSync(join(image.root, path), "utf8");
    const statuses = () => readdirSync(join(image.root, "var/lib/dpkg/status.d"));
    const sbom = () => readSbom(join(first, list));

    it("has the same bytes when it is built again", () => {
      for (const file of [`${name}.tar`, list]) {
        assert.ok(readFileSync(join(first, file)).equals(readFileSync(join(second, file))), file);
      }
    });

    it("is at most 80 MB compressed", () => {
      const size = execFileSync("sh", ["-c", `gzip -1c '${archive}' | wc -c`], {
        encoding: "utf8",
      });
      assert.ok(Number(size) <= 80_000_000, size);
    });

    if (name !== "ipman") {
      const loadOf = (settings: string) => /^ *load = (.*)$/m.exec(settings)?.[1]?.split(" ") ?? [];
      const loaded = () => loadOf(text("etc/ipman/strongswan.conf"));
      const all = loadOf(
        readFileSync(join(import.meta.dirname, "../../images/strongswan.conf"), "utf8"),
      );

      it("loads the plugins that its packages have", () => {
        const present = readdirSync(join(image.root, "usr/lib/ipsec/plugins"));
        const isPresent = (plugin: string) => present.includes(`libstrongswan-${plugin}.so`);
        assert.deepEqual(loaded(), all.filter(isPresent));
      });

      if (name === "ipman-charon-legacy") {
        it("has all plugins", () => assert.deepEqual(loaded(), all));
      } else {
        it("has the plugins that a tunnel needs", () => {
          for (const plugin of ["nonce", "openssl", "kernel-netlink", "socket-default", "vici"])
            assert.ok(loaded().includes(plugin), plugin);
        });
      }
    }

    it("has the version of its Debian release, and labels", () => {
      const isNamed = new RegExp(`^VERSION_(ID="|CODENAME=)${version}"?$`, "m");
      assert.match(text("usr/lib/os-release"), isNamed);
      assert.match(text("etc/debian_version"), new RegExp(`^${version}[./]`));
      const { Labels } = image.config.config;
      for (const label of ["title", "description", "version", "licenses", "created"]) {
        assert.ok((Labels[`org.opencontainers.image.${label}`] ?? "") !== "", label);
      }
      assert.ok(Date.parse(image.config.created) > Date.parse("2026-01-01"), image.config.created);
    });

    it("has an entry of status.d and a licence text for every Debian package", () => {
      const documented = readdirSync(join(image.root, "usr/share/doc"));
      assert.deepEqual(documented.filter((known) => known !== "ipman").sort(), statuses().sort());
      for (const known of documented)
        assert.ok(text(`usr/share/doc/${known}/copyright`).length > 100);
      assert.match(text("usr/share/doc/ipman/copyright"), /MIT License/);
      assert.match(text("usr/share/common-licenses/GPL-2"), /GNU GENERAL PUBLIC LICENSE/);
      assert.ok(statuses().includes("libc6"));
    });

    it("contains the list of its packages, which has every Debian package", () => {
      const debian = sbom().filter(({ purl }) => purl.startsWith("pkg:deb/"));
      assert.deepEqual(
        debian.map(({ name, versionInfo }) => `${name} ${versionInfo}`).sort(),
        statuses()
          .map((known) => text(`var/lib/dpkg/status.d/${known}`))
          .map((control) => `${field(control, "Package")} ${field(control, "Version")}`)
          .sort(),
      );
      const isOfVersion = new RegExp(`\\?arch=\\w+&distro=debian-${version}`);
      for (const { purl } of debian) assert.match(purl, isOfVersion);
      assert.equal(text(`usr/share/sbom/${list}`), readFileSync(join(first, list), "utf8"));
    });

    it("has no state of programs that ran during the build", () => {
      const state = globSync("var/{cache,lib,log,tmp}/**", { cwd: image.root });
      assert.deepEqual(
        state.filter((path) => path.split("/").length > 2 && !path.startsWith("var/lib/dpkg")),
        [],
      );
    });

    it("has no setuid, setgid or world-writable file", () => {
      const isFile = ({ mode }: { mode: string }) => mode.startsWith("-");
      const files = image.files.filter(isFile);
      assert.ok(files.length > 100);
      assert.deepEqual(
        files.filter(({ mode }) => /s/i.test(mode) || mode[8] === "w"),
        [],
      );
    });

    it("has every library that its programs are linked with", () => {
      const programs = globSync("usr/{bin,sbin}/*", { cwd: image.root });
      const linked = programs.flatMap((program) => {
        const loader = loaderOf(join(image.root, program));
        return loader === undefined ? [] : [[loader, "--list", `/${program}`]];
      });
      assert.ok(linked.length > 0);
      for (const command of linked) {
        const found = execFileSync("chroot", [image.root, ...command], { encoding: "utf8" });
        assert.doesNotMatch(found, /not found/);
      }
    });
  });
}

describe("the image ipman, which contains Node", () => {
  const folder = mkdtempSync(join(tmpdir(), "image-"));
  let image: OpenImage;
  before(() => {
    image = openImage(join(first, "ipman.tar"), folder);
  });
  after(() => rmSync(folder, { recursive: true }));

  it("runs as an unprivileged user", () => {
    assert.equal(image.config.config.User, "65532:65532");
  });

  it("runs the lockfile's Node, and its own command", () => {
    const run = (...command: string[]) =>
      execFileSync("chroot", [image.root, ...command], {
        encoding: "utf8",
        env: { PATH: process.env["PATH"] },
      });
    assert.equal(run("/usr/bin/node", "--version").trim(), `v${node?.version}`);
    assert.match(run("/usr/bin/ipman", "--help"), /Usage: ipman/);
  });

  it("lists Node and npm packages with the lockfile's versions and hashes", () => {
    const packages = readSbom(join(first, "ipman.spdx.json"));
    const listed = packages.filter(({ purl }) => !purl.startsWith("pkg:deb/"));
    const known = new Map(
      Object.values(lock.packages).map(({ version, integrity }) => [
        Buffer.from((integrity ?? "").replace("sha512-", ""), "base64").toString("hex"),
        version,
      ]),
    );
    for (const { name, versionInfo, sha512 = "" } of listed) {
      assert.equal(known.get(sha512), versionInfo, name);
    }
    const names = new Set(listed.map(({ name }) => name));
    for (const name of ["node", "rxjs", "xstate", "koffi", "elkjs"]) assert.ok(names.has(name));
  });

  it("has the licence text of every npm package that it lists, and of Node", () => {
    const texts = globSync("**/*.txt", { cwd: join(image.root, "app/licences") });
    const packages = readSbom(join(first, "ipman.spdx.json"));
    const listed = packages.filter(({ purl }) => !purl.startsWith("pkg:deb/"));
    const file = (name: string) => (name === "node" ? `node-linux-${process.arch}` : name);
    assert.deepEqual(
      texts.sort(),
      listed.map(({ name, versionInfo }) => `${file(name)}@${versionInfo}.txt`).sort(),
    );
    const modules = globSync("app/node_modules/{*,@*/*}/package.json", { cwd: image.root });
    for (const path of modules) {
      const { name } = JSON.parse(readFileSync(join(image.root, path), "utf8")) as { name: string };
      assert.ok(
        packages.some((known) => known.name === name),
        basename(path),
      );
    }
  });
});

/** The dynamic loader that a program names; undefined for a script or a static program. */
function loaderOf(path: string): string | undefined {
  if (!existsSync(path)) return undefined;
  const head = readFileSync(path).subarray(0, 4096).toString("latin1");
  return head.startsWith("\x7fELF") ? /\/lib[\w/]*\/ld-linux[\w.-]+/.exec(head)?.[0] : undefined;
}
