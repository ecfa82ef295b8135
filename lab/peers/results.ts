import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CaseName } from "./cases/case-names.ts";

/** The result of one case with one peer. */
export interface CaseResult {
  /** `cannot`: the peer cannot take part; `fault`: ipman does not do what the case says. */
  readonly result: "works" | "cannot" | "fault" | "failed";
  /** Why, unless it works; or a remark. */
  readonly note?: string;
}

/** The results of one peer, as the suite writes them. */
export interface PeerResults {
  readonly name: string;
  readonly version: string;
  readonly cases: Readonly<Partial<Record<CaseName, CaseResult>>>;
}

/** Results are in files of this name in the folder of artifacts, one for each peer. */
export const resultFiles = "peer-*.json";

/** Writes the results of the peer whose root has this name. */
export function writeResults(root: string, results: PeerResults): void {
  const folder = process.env["ARTIFACTS"] ?? "/tmp";
  mkdirSync(folder, { recursive: true });
  const text = `${JSON.stringify(results, undefined, 2)}\n`;
  writeFileSync(join(folder, resultFiles.replace("*", root)), text);
}
