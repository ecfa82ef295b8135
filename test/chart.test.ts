import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { logLevel, reservedSettings, settingName } from "../src/model/charon/charon-settings.ts";
import { Ajv } from "ajv";
import { parse, parseAllDocuments, stringify } from "yaml";
import { clusterKeySecret } from "../src/adapters/kubernetes/cluster-key.ts";
import { agentBindings, grantingRole } from "../src/model/kubernetes/agent-access.ts";
import { crds } from "../src/model/api/crds.ts";
import { annotation, label } from "../src/model/kubernetes/labels.ts";
import { operatorOptions, operatorOptionsFrom } from "../src/main/daemons/operator-options.ts";
import { command } from "../src/main/daemons/operator.ts";
import { longName } from "../src/main/options/option.ts";
import { gatewayPortRange } from "../src/model/services/gateway-ports.ts";
import { parseCommand } from "../src/main/program/run-program.ts";

const chart = join(import.meta.dirname, "../charts/ipman");
interface Role {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly rules?: readonly {
    readonly apiGroups: string[];
    readonly resources: string[];
    readonly resourceNames?: string[];
    readonly verbs: string[];
  }[];
}

const read = (path: string) => readFileSync(join(chart, path), "utf8");

/** Replaces the expressions of a template: the tests do not depend on their values. */
function withoutTemplates(text: string): string {
  return text.replaceAll(/^ *\{\{-.*$/gm, "").replaceAll(/\{\{.*?\}\}/g, "x");
}

describe("the chart", () => {
  for (const crd of crds()) {
    const { plural } = (crd["spec"] as { names: { plural: string } }).names;
    it(`has the ${plural} of the schemas, which npm run api writes`, () => {
      assert.equal(read(`crds-files/${plural}.yaml`), stringify(crd));
    });
  }

  const schema = JSON.parse(read("values.schema.json")) as {
    properties: {
      charon: { properties: { settings: { propertyNames: object; patternProperties: object } } };
    };
  };
  const accepts = (values: unknown) => new Ajv({ strict: false }).validate(schema, values);
  const values = parse(read("values.yaml")) as Record<string, unknown>;

  it("accepts its own values", () => {
    assert.ok(accepts(values));
  });

  it("lets the connections of Services pass to gateways, on the ports that they have", () => {
    const policies = parseAllDocuments(withoutTemplates(read("templates/network-policy.yaml")));
    const gateways = policies
      .map((policy) => policy.toJS() as { spec: { ingress: { ports?: unknown[] }[] } } | null)
      .find((policy) => JSON.stringify(policy).includes('"xfrm"'));
    const { first, last } = gatewayPortRange;
    const ports = ["TCP", "UDP", "SCTP"].map((protocol) => {
      return { port: first, endPort: last, protocol };
    });
    assert.deepEqual(gateways?.spec.ingress.at(-1)?.ports, ports);
  });

  it("accepts every default of the Go operator's chart", () => {
    const old = parse(readFileSync(join(chart, "../../lab/cluster/go-chart/values.yaml"), "utf8"));
    assert.ok(accepts(old));
  });

  it("accepts the same names of charon's settings as ipman", () => {
    const { settings } = schema.properties.charon.properties;
    const not = { enum: [...reservedSettings] };
    assert.deepEqual(settings.propertyNames, { pattern: settingName.source, not });
    assert.deepEqual(Object.keys(settings.patternProperties), [logLevel.source]);
  });

  it("refuses the settings of charon that ipman refuses", () => {
    const set = (settings: object) => accepts({ ...values, charon: { settings } });
    assert.ok(set({ "filelog.container.ike": 2, retransmit_tries: "8", make_before_break: true }));
    for (const name of [...reservedSettings, "a b"]) assert.ok(!set({ [name]: "x" }), name);
    for (const level of [4, "4"]) assert.ok(!set({ "filelog.container.ike": level }), "its keys");
    assert.ok(!set({ filelog: { container: { ike: 2 } } }));
  });

  it("refuses unknown values", () => {
    assert.ok(!accepts({ ...values, controler: {} }));
    assert.ok(!accepts({ ...values, vxlanPort: "7789" }));
    assert.ok(accepts({ ...values, clusterNetworks: ["10.244.0.0/16", "fd44::/48"] }));
    assert.ok(!accepts({ ...values, clusterNetworks: ["10.244.0.0"] }));
    for (const section of ["rbac", "serviceAccount", "webhook"])
      assert.ok(!accepts({ ...values, [section]: { craete: true } }), section);
    assert.ok(!accepts({ ...values, webhook: { certificate: { secret: "x" } } }));
  });

  it("uses the same names of annotations, labels and the key as ipman", () => {
    const rules = read("templates/pod-policy.yaml") + read("templates/webhooks.yaml");
    const quoted = rules.matchAll(/'(ipman\.dialo\.ai\/\w+)'|key: (ipman\.dialo\.ai\/\w+)/g);
    const used = new Set([...quoted].map(([, name, key]) => name ?? key));
    const known = new Set<string | undefined>([...Object.values(annotation), label.worker]);
    for (const key of [label.defaults, annotation.requestedBy]) assert.ok(used.has(key), key);
    assert.ok(used.size >= 6);
    assert.deepEqual(
      [...used].filter((name) => !known.has(name)),
      [],
    );
    assert.ok(read("templates/rbac.yaml").includes(`resourceNames: [${clusterKeySecret}]`));
  });

  it("grants an agent only rights that the operator has, since it could not grant others", () => {
    const text = withoutTemplates(read("templates/rbac.yaml"));
    const roles = parseAllDocuments(text).map((document) => document.toJS() as Role | null);
    const rights = (kind: string, name: string) =>
      roles
        .filter((role) => role?.kind === kind && role.metadata.name === name)
        .flatMap((role) => role?.rules ?? [])
        .flatMap(({ apiGroups, resources, resourceNames = [""], verbs }) =>
          verbs.flatMap((verb) =>
            resources.flatMap((resource) =>
              resourceNames.map((it) => [verb, apiGroups[0], resource, it].join(" ")),
            ),
          ),
        );
    for (const kind of ["ClusterRole", "Role"]) {
      const own = new Set(rights(kind, "ipman-operator"));
      const granted = rights(kind, "ipman-agent");
      assert.ok(granted.length > 0);
      assert.deepEqual(
        granted.filter((right) => !own.has(right)),
        [],
      );
    }
  });

  it("lets the operator create Services in its own namespace only", () => {
    const rules = parseAllDocuments(withoutTemplates(read("templates/rbac.yaml"))).flatMap(
      (document) => {
        const role = document.toJS() as Role | null;
        const ofServices = (role?.rules ?? []).filter(({ resources }) =>
          resources.includes("services"),
        );
        return ofServices.map(({ verbs }) => ({
          kind: role?.kind,
          name: role?.metadata.name,
          verbs,
        }));
      },
    );
    const watched = ["list", "watch"];
    const verbs = [...watched, "create", "patch", "delete"];
    assert.deepEqual(rules, [
      { kind: "ClusterRole", name: "ipman-operator", verbs: watched },
      { kind: "Role", name: "ipman-operator", verbs },
      { kind: "ClusterRole", name: "ipman-agent", verbs: watched },
    ]);
  });

  it("leaves the subjects of the agents' bindings to the operator, so that an upgrade keeps them", () => {
    const documents = read("templates/rbac.yaml").split("\n---\n");
    const bindings = documents.filter((text) => text.includes(`name: ${agentBindings}\n`));
    assert.equal(bindings.length, 2);
    assert.ok(bindings.every((text) => !text.includes("subjects:")));
    assert.ok(documents.some((text) => text.includes(`name: ${grantingRole}\n`)));
  });

  it("sets only options that the operator accepts, and reservations that last long enough", () => {
    const options = [...read("templates/operator.yaml").matchAll(/--(\w[\w-]+)/g)].map(
      ([, it]) => it,
    );
    const known = new Set(
      Object.values(operatorOptions).map((option) => longName(option).slice(2)),
    );
    assert.deepEqual(
      options.filter((name) => name !== undefined && !known.has(name)),
      [],
    );
    for (const name of ["reservation-ttl", "pod-timeout"]) assert.ok(options.includes(name), name);
    const { controller } = values as { controller: Record<string, number> };
    const images = ["--ipman-image=ipman", "--charon-image=charon", "--legacy-charon-image=legacy"];
    // The Go operator's default is 60, which the API server limits to 30.
    for (const timeout of [controller["podTimeoutSeconds"], 30])
      operatorOptionsFrom(
        parseCommand(command, [
          ...images,
          `--reservation-ttl=${controller["reservationSeconds"]}`,
          `--pod-timeout=${timeout}`,
        ]),
      );
  });

  it("has a policy for each request that changes the metadata of a pod", () => {
    const policy = read("templates/pod-policy.yaml");
    for (const resources of [
      "[pods, pods/status, pods/ephemeralcontainers, pods/resize]",
      "[bindings, pods/binding]",
    ])
      assert.ok(policy.includes(`resources: ${resources}`), resources);
  });
});
