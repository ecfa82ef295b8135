import { createHash } from "node:crypto";
import type { Software } from "./software.ts";

/** An image whose contents are listed. */
export interface Image {
  readonly name: string;
  readonly version: string;
  readonly created: Date;
  /** From `os-release`, such as `debian` and `12`; scanners select their data by it. */
  readonly system: { readonly name: string; readonly version: string };
}

const unknown = "NOASSERTION";
const expression = /^\(?[A-Za-z0-9][\w.+-]*( (AND|OR|WITH) [\w.+-]+)*\)?$/;

/** Lists the contents of an image as SPDX 2.3. The same contents produce the same SPDX document. */
export function spdxDocument(image: Image, contents: readonly Software[]) {
  const { name, version, system } = image;
  const parts = contents.map((software) => ({
    SPDXID: idOf("Package", software.name, software.version),
    ...describe(software),
  }));
  const main = idOf("Image", name);
  const systemId = idOf("OperatingSystem", system.name, system.version);
  const packages = [
    { SPDXID: main, ...bare(name, version), primaryPackagePurpose: "CONTAINER" },
    {
      SPDXID: systemId,
      ...bare(system.name, system.version),
      primaryPackagePurpose: "OPERATING-SYSTEM",
    },
    ...parts,
  ];
  const hash = createHash("sha256").update(JSON.stringify(packages)).digest("hex").slice(0, 32);
  const relation = (from: string, relationshipType: string, to: string) => ({
    spdxElementId: from,
    relationshipType,
    relatedSpdxElement: to,
  });
  return {
    spdxVersion: "SPDX-2.3",
    dataLicense: "CC0-1.0",
    SPDXID: "SPDXRef-DOCUMENT",
    name: `${name}-${version}`,
    documentNamespace: `https://spdx.org/spdxdocs/${name}-${encodeURIComponent(version)}-${hash}`,
    creationInfo: {
      created: image.created.toISOString().replace(/\.\d+Z$/, "Z"),
      creators: ["Tool: ipman-images"],
    },
    packages,
    relationships: [
      relation("SPDXRef-DOCUMENT", "DESCRIBES", main),
      ...[systemId, ...parts.map(({ SPDXID }) => SPDXID)].map((id) =>
        relation(main, "CONTAINS", id),
      ),
    ],
  };
}

function bare(name: string, versionInfo: string) {
  return {
    name,
    versionInfo,
    downloadLocation: unknown,
    filesAnalyzed: false,
    licenseConcluded: unknown,
    licenseDeclared: unknown,
    copyrightText: unknown,
  };
}

function describe({ name, version, purl, licence, location, sha512, cpe, source }: Software) {
  const isLicence = licence !== undefined && expression.test(licence);
  return {
    ...bare(name, version),
    downloadLocation: location ?? unknown,
    licenseDeclared: isLicence ? licence : unknown,
    ...(source !== undefined && { sourceInfo: source }),
    ...(sha512 !== undefined && { checksums: [{ algorithm: "SHA512", checksumValue: sha512 }] }),
    externalRefs: [
      reference("PACKAGE-MANAGER", "purl", purl),
      ...(cpe === undefined ? [] : [reference("SECURITY", "cpe23Type", cpe)]),
    ],
  };
}

function reference(referenceCategory: string, referenceType: string, referenceLocator: string) {
  return { referenceCategory, referenceType, referenceLocator };
}

/**
 * A unique identifier per name and version: characters that SPDX forbids are replaced by their
 * code.
 */
function idOf(...words: string[]): string {
  const clean = (text: string) =>
    text.replaceAll(/[^A-Za-z0-9.]/g, (character) =>
      character === "-" ? "-" : `-${character.codePointAt(0)?.toString(16)}-`,
    );
  return `SPDXRef-${words.map(clean).join("-")}`;
}
