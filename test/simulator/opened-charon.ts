import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { Charon } from "../../src/adapters/vici/charon.ts";
import { SimulatedCharon } from "./charon.ts";
import type { SimulatorOptions } from "./charon/simulator-options.ts";

/** An open session with a simulated charon, and the path of its socket; both end with the test. */
export async function openedCharon(t: TestContext, options: SimulatorOptions) {
  const folder = mkdtempSync(join(tmpdir(), "charon-"));
  const path = join(folder, "vici");
  const simulated = new SimulatedCharon(options);
  const charon = new Charon(path);
  t.after(async () => {
    charon[Symbol.dispose]();
    await simulated[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });
  await simulated.listen(path);
  await charon.open();
  return { charon, simulated, path };
}
