import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { KubeClient } from "../../../src/adapters/kubernetes/kube-client.ts";
import { KubeError } from "../../../src/adapters/kubernetes/kube-error.ts";
import { resourceTypes } from "../../../src/adapters/kubernetes/resource-type.ts";
import type { LabCluster } from "../cluster.ts";

const docs = join(import.meta.dirname, "../../../docs/kubernetes.md");
const accounts = ["ipman-operator", "ipman-agent"] as const;
const namespaces = {
  "ipman-system": "its namespace",
  default: "secretNamespaces",
  "kube-system": "",
};

/** What the service accounts may do, by the API server and by the documentation. */
export function rightScenarios(cluster: () => LabCluster): void {
  describe("the rights of", () => {
    for (const account of accounts) {
      for (const [namespace, where] of Object.entries(namespaces)) {
        it(`${account} in ${namespace} are those that the documentation has`, () => {
          const documented = documentedRights(account, ["cluster", where]);
          assert.deepEqual(grantedRights(cluster(), account, namespace), documented);
        });
      }
    }

    it("neither account's token reads a Secret elsewhere, or lists any", async () => {
      for (const account of accounts) {
        await using client = asAccount(cluster(), account);
        await refused(client.get(resourceTypes.Secret, { namespace: "kube-system", name: "x" }));
        for (const namespace of [undefined, ...Object.keys(namespaces)]) {
          await refused(client.list(resourceTypes.Secret, { namespace }, {}, () => {}));
        }
      }
    });
  });
}

async function refused(attempt: Promise<unknown>): Promise<void> {
  await assert.rejects(attempt, (error) => error instanceof KubeError && error.code === "denied");
}

/** A client with the account's own token. */
function asAccount(cluster: LabCluster, account: string): KubeClient {
  const token = cluster.kubectl("create", "token", account, "-n", "ipman-system").trim();
  return KubeClient.connect(cluster.plane.pki.token(account, token, cluster.plane.server));
}

interface Rule {
  readonly verbs: string[];
  readonly resources?: string[];
  readonly resourceNames?: string[];
}

/** `verb resource` and `verb resource (name)`, without what every account may do. */
function grantedRights(cluster: LabCluster, account: string, namespace: string): string[] {
  const review = {
    apiVersion: "authorization.k8s.io/v1",
    kind: "SelfSubjectRulesReview",
    spec: { namespace },
  };
  const as = `--as=system:serviceaccount:ipman-system:${account}`;
  const answer = cluster.create(review, as, "--validate=false") as {
    status: { resourceRules: Rule[] };
  };
  const rights = answer.status.resourceRules.flatMap(({ verbs, resources = [], resourceNames }) =>
    verbs.flatMap((verb) =>
      resources.flatMap((resource) =>
        (resourceNames ?? [""]).map((name) => `${verb} ${resource}${name && ` (${name})`}`),
      ),
    ),
  );
  return [...new Set(rights.filter((right) => !right.includes("selfsubject")))].toSorted();
}

function documentedRights(account: string, places: readonly string[]): string[] {
  const rows = readFileSync(docs, "utf8")
    .split("\n")
    .map((line) => line.split("|").map((cell) => cell.trim()))
    .filter(([, name, , , where = ""]) => name === `\`${account}\`` && places.includes(where));
  assert.ok(rows.length > 0, `${docs} says nothing of ${account}`);
  const rights = rows.flatMap(([, , verbs = "", resources = ""]) =>
    verbs.split(", ").flatMap((verb) => resources.split(", ").map((name) => `${verb} ${name}`)),
  );
  return [...new Set(rights)].toSorted();
}
