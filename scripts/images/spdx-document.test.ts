import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { npmSoftware } from "./npm-software.ts";
import { spdxDocument } from "./spdx-document.ts";

const integrity = `sha512-${Buffer.alloc(64, 1).toString("base64")}`;
const npm = (name: string, version: string, license: string | undefined) =>
  npmSoftware({ name, version, license }, integrity);
const image = {
  name: "ipman",
  version: "1.2.3",
  created: new Date("2026-05-06T07:08:09Z"),
  system: { name: "debian", version: "12" },
};
const contents = [
  npm("@a/b-c", "1.0.0", "(MIT OR CC0-1.0)"),
  npm("@a/b_c", "1.0.0", "SEE LICENSE IN LICENSE.txt"),
  npm("tslib", "1.14.1", "0BSD"),
  npm("tslib", "2.8.1", undefined),
];

/** The fields that SPDX 2.3 requires of a package, and the values that they may have. */
const required: Readonly<Record<string, RegExp>> = {
  SPDXID: /^SPDXRef-[A-Za-z0-9.-]+$/,
  name: /./,
  downloadLocation: /^(https:\/\/\S+|NOASSERTION)$/,
};

describe("a list of an image's contents", () => {
  const document = spdxDocument(image, contents);

  it("has every field that SPDX 2.3 requires", () => {
    assert.equal(document.spdxVersion, "SPDX-2.3");
    assert.equal(document.dataLicense, "CC0-1.0");
    assert.equal(document.SPDXID, "SPDXRef-DOCUMENT");
    assert.equal(document.name, "ipman-1.2.3");
    assert.match(document.documentNamespace, /^https:\/\/[^#]+$/);
    assert.equal(document.creationInfo.created, "2026-05-06T07:08:09Z");
    assert.match(document.creationInfo.creators.join(), /^Tool: \S+$/);
    for (const part of document.packages as unknown as Record<string, string>[]) {
      for (const [field, pattern] of Object.entries(required)) {
        assert.match(part[field] ?? "", pattern);
      }
    }
  });

  it("describes the image and its contents, each with a unique identifier", () => {
    const [main, ...rest] = document.packages.map(({ SPDXID }) => SPDXID);
    assert.equal(new Set([main, ...rest]).size, contents.length + 2);
    assert.deepEqual(
      document.relationships.map((relation) => Object.values(relation)),
      [["SPDXRef-DOCUMENT", "DESCRIBES", main], ...rest.map((id) => [main, "CONTAINS", id])],
    );
  });

  it("names the licences that are SPDX expressions", () => {
    assert.deepEqual(
      document.packages.slice(2).map(({ licenseDeclared }) => licenseDeclared),
      ["(MIT OR CC0-1.0)", "NOASSERTION", "0BSD", "NOASSERTION"],
    );
  });

  it("is the same for the same contents, and has another namespace for other contents", () => {
    assert.deepEqual(spdxDocument(image, contents), document);
    const { documentNamespace } = spdxDocument(image, contents.slice(1));
    assert.notEqual(documentNamespace, document.documentNamespace);
  });
});
