import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { digestOf } from "../../model/api/group.ts";
import { label } from "../../model/kubernetes/labels.ts";

const plugin = join(import.meta.dirname, "../../../bin/kubectl-ipman");

describe("kubectl ipman", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "kubectl-"));
    const connection = { spec: { nodeName: "node-a" } };
    const labels = { [label.groupId]: digestOf(["node:node-a"]) };
    const agent = (namespace: string) => ({ metadata: { namespace, name: "agent", labels } });
    const agents = { items: [agent("ipman-system")] };
    const claims = { items: [agent("tenant"), agent("ipman-system")] };
    const kubectl = join(folder, "kubectl");
    writeFileSync(
      kubectl,
      `#!/bin/sh
case "$1 $2" in
"get ipsecconnection") echo '${JSON.stringify(connection)}' ;;
"get deployments")
  case "$3 $CLAIMED" in
  "-A yes") echo '${JSON.stringify(claims)}' ;;
  *) echo '${JSON.stringify(agents)}' ;;
  esac ;;
exec*) printf 'peer\\tZ\\303\\274rich\\n\\033]0;title\\007\\n'; printf '\\302\\233 2J' >&2; exit 3 ;;
esac
`,
    );
    chmodSync(kubectl, 0o755);
  });
  after(() => rmSync(folder, { recursive: true }));

  function run(args: readonly string[], more: NodeJS.ProcessEnv = {}) {
    const PATH = `${folder}${delimiter}${process.env["PATH"]}`;
    return spawnSync(process.execPath, [plugin, ...args], {
      encoding: "utf8",
      env: { ...process.env, PATH, ...more },
    });
  }

  it("enters no pod of a namespace that claims to have agents beside another", () => {
    const claimed = { CLAIMED: "yes" };
    const { stdout, stderr, status } = run(["describe", "partner"], claimed);
    assert.equal(stdout, "");
    assert.match(stderr, /several namespaces have .+: tenant, ipman-system; name the one .+ by -n/);
    assert.equal(status, 1);
    assert.equal(run(["describe", "partner", "-n", "ipman-system"], claimed).status, 3);
  });

  for (const command of ["describe", "diagnose", "rekey", "restart"]) {
    it(`shows what ${command} prints in a pod without what a terminal acts upon`, () => {
      const { stdout, stderr, status } = run([command, "partner"]);
      assert.equal(stdout, "peer\tZürich\n\\x1b]0;title\\x07\n");
      assert.equal(stderr, "\\x9b 2J");
      assert.equal(status, 3);
    });
  }
});
