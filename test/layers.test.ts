import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";

const root = join(import.meta.dirname, "..");

describe("the layers", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "layers-"));
    cpSync(join(root, ".oxlintrc.json"), join(folder, ".oxlintrc.json"));
  });
  after(() => rmSync(folder, { recursive: true }));

  /** The output of the linter for a file with one import. */
  function lint(file: string, imported: string, name = "planted"): string {
    const path = join(folder, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `import { ${name} } from "${imported}";\n\nexport const used = ${name};\n`);
    const linter = join(root, "node_modules/.bin/oxlint");
    const { stdout } = spawnSync(linter, [file], { cwd: folder, encoding: "utf8" });
    rmSync(path);
    return stdout;
  }

  for (const [file, imported] of [
    ["src/model/planted.ts", "../adapters/netlink/socket.ts"],
    ["src/model/planted.ts", "../machines/child.ts"],
    ["src/model/planted.ts", "xstate"],
    ["src/model/planted.ts", "node:fs"],
    ["src/model/net/planted.ts", "../network/network-plan.ts"],
    ["src/model/net/planted.ts", "../../adapters/netlink/socket.ts"],
    ["src/model/net/planted.ts", "node:net"],
    ["src/machines/planted.ts", "../adapters/vici/charon.ts"],
    ["src/machines/planted.ts", "../runtime/supervisor.ts"],
    ["src/machines/planted.ts", "rxjs"],
    ["src/machines/planted.ts", "pino"],
    ["src/adapters/vici/planted.ts", "../../machines/child.ts"],
    ["src/adapters/vici/planted.ts", "../../runtime/supervisor.ts"],
    ["src/adapters/planted.ts", "xstate"],
    ["src/runtime/planted.ts", "../main/run.ts"],
    ["src/runtime/planted.ts", "koffi"],
    ["src/runtime/supervisor/planted.ts", "../metrics/metrics.ts"],
    ["src/runtime/supervisor/planted.ts", "../status/status.ts"],
    ["src/runtime/supervisor/planted.ts", "koffi"],
    ["src/runtime/metrics/planted.ts", "../supervisor/supervisor.ts"],
    ["src/runtime/agent/planted.ts", "../supervisor/supervisor.ts"],
    ["src/runtime/agent/planted.ts", "../../main/run.ts"],
    ["src/runtime/operator/planted.ts", "../supervisor/supervisor.ts"],
    ["src/runtime/operator/status/planted.ts", "../../supervisor/supervisor.ts"],
    ["src/runtime/operator/planted.ts", "../../main/run.ts"],
    ["src/runtime/operator/planted.ts", "koffi"],
    ["src/page/planted.ts", "../runtime/state-name.ts"],
    ["src/page/planted.ts", "elkjs"],
    ["src/page/planted.ts", "node:fs"],
    ["packages/vici-client/src/planted.ts", "rxjs"],
  ] as const) {
    it(`${dirname(file)} may not import ${imported}`, () => {
      assert.match(lint(file, imported), /no-restricted-imports/);
    });
  }

  for (const name of ["createActor", "Actor"]) {
    it(`the runtime may not create a root actor by ${name}, which gives it no owner`, () => {
      for (const file of ["src/runtime/planted.ts", "src/runtime/operator/planted.ts"]) {
        assert.match(lint(file, "xstate", name), /observedActor creates root actors/);
        assert.doesNotMatch(lint(file, "xstate", "fromPromise"), /observedActor/);
      }
    });
  }

  for (const [file, imported] of [
    ["src/model/net/planted.ts", "./address.ts"],
    ["src/model/network/planted.ts", "../net/address.ts"],
    ["src/machines/planted.ts", "../model/address.ts"],
    ["src/machines/planted.ts", "xstate"],
    ["src/adapters/vici/planted.ts", "../../model/sa.ts"],
    ["src/runtime/planted.ts", "../adapters/vici/charon.ts"],
    ["src/runtime/supervisor/planted.ts", "../ports/running.ts"],
    ["src/runtime/operator/planted.ts", "../kubernetes/status-writer.ts"],
    ["src/main/planted.ts", "../runtime/supervisor.ts"],
    ["src/page/planted.ts", "./actors.ts"],
  ] as const) {
    it(`${dirname(file)} may import ${imported}`, () => {
      assert.doesNotMatch(lint(file, imported), /no-restricted-imports/);
    });
  }
});
