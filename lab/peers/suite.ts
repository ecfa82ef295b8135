import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { caseNames, type CaseName } from "./cases/case-names.ts";
import type { Cases, Run } from "./cases/case.ts";
import { endings } from "./cases/endings.ts";
import { establish } from "./cases/establish.ts";
import { carryOneOfTwo, paths } from "./cases/paths.ts";
import { disagreements } from "./cases/disagreements.ts";
import { rekeys } from "./cases/rekeys.ts";
import type { Implementation } from "./peer.ts";
import { PeerSite } from "./peer-site.ts";
import { writeResults, type CaseResult } from "./results.ts";

const runs: Readonly<Record<CaseName, Run>> = {
  ...establish,
  ...rekeys,
  ...endings,
  ...disagreements,
  ...paths,
};

/** Cases in place of those that a peer cannot take part in. */
const substitutes: Cases = { "two-networks": carryOneOfTwo };

const names = Object.keys(caseNames) as CaseName[];

/** Runs every case with a peer, and writes the results. */
export function describePeer(peer: Implementation): void {
  describe(peer.root, () => {
    const resources = new AsyncDisposableStack();
    const results: Partial<Record<CaseName, CaseResult>> = {};
    let site: PeerSite;

    /** After each case, so that the results of a suite that is stopped stay. */
    const write = () =>
      writeResults(peer.root, { name: peer.name, version: site.version, cases: results });

    before(async () => {
      site = resources.use(await PeerSite.build(peer));
    });
    after(() => resources.disposeAsync());

    for (const name of names) {
      const reason = peer.cannot[name];
      const title = reason === undefined ? "" : ` (not with this peer: ${reason})`;
      it(`${caseNames[name]}${title}`, async () => {
        try {
          site.haste = peer.haste.filter(({ cases }) => cases.includes(name));
          results[name] = await resultOf(peer, name, site);
        } catch (error) {
          results[name] = { result: "failed", note: String(error) };
          throw error;
        } finally {
          write();
        }
      });
    }
  });
}

/** @throws if the case fails, or a case succeeds that has a known fault */
async function resultOf(peer: Implementation, name: CaseName, site: PeerSite): Promise<CaseResult> {
  const cannot = peer.cannot[name];
  if (cannot !== undefined) {
    await substitutes[name]?.(site);
    return { result: "cannot", note: cannot };
  }
  const fault = peer.faults[name];
  if (fault === undefined) {
    await runs[name](site);
    const note = peer.haste.find(({ cases }) => cases.includes(name))?.note;
    return note === undefined ? { result: "works" } : { result: "works", note };
  }
  await assert.rejects(runs[name](site), `"${name}" works: remove it from the known faults`);
  return { result: "fault", note: fault };
}
