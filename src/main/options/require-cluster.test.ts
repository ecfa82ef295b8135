import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { requireCluster } from "./require-cluster.ts";

describe("the requirement of an API server", () => {
  let home: string;
  let file: string;
  before(() => {
    home = mkdtempSync(join(tmpdir(), "home-"));
    file = join(home, "admin.conf");
    writeFileSync(file, "");
  });
  after(() => rmSync(home, { recursive: true }));

  it("is met by a kubeconfig that can be read, by a pod, and by ~/.kube/config", () => {
    requireCluster(file, {}, home);
    requireCluster(undefined, { KUBERNETES_SERVICE_HOST: "10.0.0.1" }, home);
    requireCluster(undefined, { KUBECONFIG: `${file}:` }, home);
    mkdirSync(join(home, ".kube"));
    writeFileSync(join(home, ".kube/config"), "");
    requireCluster(undefined, {}, home);
    rmSync(join(home, ".kube"), { recursive: true });
  });

  it("is explained if no option or file names one", () => {
    assert.throws(
      () => requireCluster(undefined, {}, home),
      /no API server is known: .*--kubeconfig FILE/,
    );
    assert.throws(() => requireCluster(undefined, { KUBECONFIG: "" }, home), /no API server/);
  });

  it("names the kubeconfig that cannot be read, and where it comes from", () => {
    const missing = join(home, "missing");
    assert.throws(() => requireCluster(missing, {}, home), {
      message: `--kubeconfig ${missing}: no such file or folder`,
    });
    assert.throws(() => requireCluster(undefined, { KUBECONFIG: missing }, home), {
      message: `$KUBECONFIG ${missing}: no such file or folder`,
    });
  });
});
