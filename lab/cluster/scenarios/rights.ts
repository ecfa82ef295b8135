import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { KubeClient } from "../../../src/adapters/kubernetes/client/kube-client.ts";
import { KubeError } from "../../../src/adapters/kubernetes/client/kube-error.ts";
import { resourceTypes } from "../../../src/adapters/kubernetes/client/resource-type.ts";
import { agentAccountOf } from "../../../src/model/kubernetes/agent-access.ts";
import { declaredGroups, declaredSecrets } from "../../../src/model/kubernetes/declared-secret.ts";
import { impliedGroup } from "../../../src/model/api/group.ts";
import type { KubeObject } from "../../../src/model/kubernetes/kube-object.ts";
import { label, manager } from "../../../src/model/kubernetes/labels.ts";
import type { LabCluster } from "../cluster.ts";

const docs = join(import.meta.dirname, "../../../docs/kubernetes.md");
const home = "ipman-system";
const ownAccount = agentAccountOf(impliedGroup("node-a"));
/** Service accounts, and the names under which the documentation lists their rights. */
const accounts: Readonly<Record<string, readonly string[]>> = {
  "ipman-operator": ["ipman-operator"],
  "ipman-agent": ["ipman-agent"],
  [ownAccount]: ["ipman-agent", "ipman-agent-*"],
};
const namespaces = {
  [home]: "its namespace",
  default: "secretNamespaces",
  "kube-system": "",
};

/** The rights of the service accounts, by the API server and by the documentation. */
export function rightScenarios(cluster: () => LabCluster): void {
  describe("the rights of", () => {
    for (const [account, names] of Object.entries(accounts)) {
      for (const [namespace, where] of Object.entries(namespaces)) {
        it(`${account} in ${namespace} are those in the documentation`, () => {
          const documented = names.flatMap((name) => documentedRights(name, ["cluster", where]));
          const expected = documented.flatMap((right) =>
            right.includes(ofConnections)
              ? secretsOn(cluster(), namespace).map((name) => right.replace(ofConnections, name))
              : [right],
          );
          const granted = grantedRights(cluster(), account, namespace);
          assert.deepEqual(granted, [...new Set(expected)].toSorted());
        });
      }
    }

    it("no account's token reads a Secret elsewhere, or lists any", async () => {
      for (const account of Object.keys(accounts)) {
        await using client = asAccount(cluster(), account);
        await refused(client.get(resourceTypes.Secret, { namespace: "kube-system", name: "x" }));
        for (const namespace of [undefined, ...Object.keys(namespaces)]) {
          await refused(client.list(resourceTypes.Secret, { namespace }, {}, () => {}));
        }
      }
    });

    it("an agent's token reads the Secrets of its connections, and watches no others", async () => {
      const [namespace, name] = ["default", "not-named"];
      const object = { apiVersion: "v1", kind: "Secret", metadata: { namespace, name } };
      await cluster().client.create(resourceTypes.Secret, object);
      await using client = asAccount(cluster(), ownAccount);
      const named = secretsOn(cluster(), namespace);
      assert.ok(named.length > 0);
      for (const own of named) await client.get(resourceTypes.Secret, { namespace, name: own });
      await refused(client.get(resourceTypes.Secret, { namespace, name }));
      const { signal } = new AbortController();
      for (const fieldSelector of [undefined, `metadata.name=${name}`]) {
        const selector = { fieldSelector };
        await refused(client.openWatch(resourceTypes.Secret, { namespace }, selector, {}, signal));
      }
      await cluster().client.delete(resourceTypes.Secret, { namespace, name });
    });

    it("the operator's token changes no Role of others, and grants no more than named Secrets", async () => {
      await using client = asAccount(cluster(), "ipman-operator");
      const rules = [
        { apiGroups: [""], resources: ["secrets"], resourceNames: ["x"], verbs: ["get"] },
      ];
      const role = (name: string, changes: object = {}) =>
        ({
          apiVersion: "rbac.authorization.k8s.io/v1",
          kind: "Role",
          rules,
          metadata: {
            name,
            namespace: "default",
            labels: { [label.managedBy]: manager, [label.type]: "agent" },
          },
          ...changes,
        }) as unknown as KubeObject;
      const apply = (object: KubeObject) => client.apply(resourceTypes.Role, object, "test");
      const other = role("of-others", { metadata: { name: "of-others", namespace: "default" } });
      await cluster().client.create(resourceTypes.Role, other);
      await assert.rejects(apply(role("of-others")), /only what it made/);
      const place = { namespace: "default", name: "of-others" };
      await assert.rejects(client.delete(resourceTypes.Role, place), /only what it made/);
      await assert.rejects(apply(role("mine")), /may create only objects for an agent/);
      const all = [{ apiGroups: [""], resources: ["secrets"], verbs: ["get", "watch"] }];
      await assert.rejects(apply(role("ipman-agent-x", { rules: all })), /by their names/);
      const pods = [{ apiGroups: [""], resources: ["pods"], verbs: ["delete"] }];
      await refused(apply(role("ipman-agent-x", { rules: pods })));
      await cluster().client.delete(resourceTypes.Role, place);
    });
  });
}

/** The documentation's term for the Secrets that differ from agent to agent. */
const ofConnections = "those of its connections";

/** The Secrets of a namespace that the connections of node-a name. */
function secretsOn(cluster: LabCluster, namespace: string): string[] {
  const text = cluster.kubectl("get", "ipsecconnections", "-o", "json");
  const { items } = JSON.parse(text) as { items: KubeObject[] };
  const group = impliedGroup("node-a").id;
  const named = items.flatMap((item) =>
    declaredGroups(item).includes(group) ? declaredSecrets(item, group) : [],
  );
  const here = named.flatMap((secret) => (secret?.namespace === namespace ? [secret.name] : []));
  return [...new Set(here)];
}

async function refused(attempt: Promise<unknown>): Promise<void> {
  await assert.rejects(attempt, (error) => error instanceof KubeError && error.code === "denied");
}

/** A client with the account's own token. */
function asAccount(cluster: LabCluster, account: string): KubeClient {
  const token = cluster.kubectl("create", "token", account, "-n", home).trim();
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
  const as = `--as=system:serviceaccount:${home}:${account}`;
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
    .filter(([, name]) => name === `\`${account}\``)
    // The lab installs the chart's defaults.
    .filter(
      ([, , , , , purpose = ""]) => !purpose.includes("only with `namespaceDefaults.enabled`"),
    );
  assert.ok(rows.length > 0, `${docs} does not list ${account}`);
  const here = rows.filter(([, , , , where = ""]) => places.includes(where));
  const rights = here.flatMap(([, , verbs = "", resources = ""]) =>
    verbs.split(", ").flatMap((verb) => resources.split(", ").map((name) => `${verb} ${name}`)),
  );
  return [...new Set(rights)].toSorted();
}
