import { readFileSync } from "node:fs";

/** The fields of a package in an SPDX document that the tests read. */
interface SbomPackage {
  readonly name: string;
  readonly versionInfo: string;
  readonly purl: string;
  readonly sha512: string | undefined;
}

interface Document {
  packages: {
    name: string;
    versionInfo: string;
    checksums?: { algorithm: string; checksumValue: string }[];
    externalRefs?: { referenceType: string; referenceLocator: string }[];
  }[];
}

/** The packages of an SPDX document that have a package URL. */
export function readSbom(path: string): SbomPackage[] {
  const { packages } = JSON.parse(readFileSync(path, "utf8")) as Document;
  return packages.flatMap(({ name, versionInfo, checksums, externalRefs }) => {
    const reference = externalRefs?.find(({ referenceType }) => referenceType === "purl");
    if (reference === undefined) return [];
    const sha512 = checksums?.find(({ algorithm }) => algorithm === "SHA512")?.checksumValue;
    return [{ name, versionInfo, purl: reference.referenceLocator, sha512 }];
  });
}
