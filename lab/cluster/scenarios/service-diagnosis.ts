import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { eventually } from "../../sites/shell.ts";
import type { LabCluster } from "../cluster.ts";

/** The Services of a cluster that work, and what new ones need. */
export interface WorkingServices {
  /** A Service of this namespace, `web`, shows three pods with the label `app: web` at port 8080. */
  readonly namespace: string;
  /** `namespace/name` of a Service that leads to the partner. */
  readonly partner: string;
  /** The annotations that name the child. */
  readonly named: Readonly<Record<string, string>>;
  /** A host of the partner. */
  readonly host: string;
}

/** Mistakes in Services, as `kubectl ipman diagnose service` explains them. */
export function serviceDiagnosisScenarios(
  cluster: () => LabCluster,
  { namespace, partner, named, host }: WorkingServices,
): void {
  describe("a diagnosis of a Service", () => {
    const diagnosed = (service: string) => cluster().plugin("diagnose", "service", service);
    /** The diagnosis of a new Service, once it begins like this: other programs act on it first. */
    const begins = (name: string, expected: RegExp) =>
      eventually(
        () => {
          const { output, status } = diagnosed(`${namespace}/${name}`);
          assert.match(output, expected);
          assert.equal(status, 1);
          return output;
        },
        30_000,
        500,
      );
    const service = (name: string, annotations: object, spec: object) => {
      const metadata = { name, namespace, annotations: { ...named, ...annotations } };
      cluster().apply({ apiVersion: "v1", kind: "Service", metadata, spec });
    };
    const exposed = (name: string, app: string, targetPort: number, more: object = {}) =>
      service(name, more, {
        type: "LoadBalancer",
        loadBalancerClass: "ipman.dialo.ai/tunnel",
        allocateLoadBalancerNodePorts: false,
        selector: { app },
        ports: [{ name: "greeting", port: 443, targetPort }],
      });
    const remote = (name: string, address: string, targetPort: number) =>
      service(
        name,
        { "ipman.dialo.ai/remote": address },
        { ports: [{ name: "greeting", port: 5432, targetPort }] },
      );

    after(() => {
      const names = ["plain", "podless", "poolless", "deaf", "far", "closed"];
      cluster().kubectl("delete", "service", "-n", namespace, "--ignore-not-found", ...names);
    });

    it("finds nothing in those that work, and tests whether they answer", () => {
      const web = diagnosed(`${namespace}/web`);
      assert.match(web.output, /nothing is wrong that could be seen from here/);
      assert.match(web.output, /✓ selectors +the CHILD SA has 10\.0\.4\.\d+/);
      assert.match(web.output, /✓ answers +all 3 endpoints accept connections by TCP/);
      assert.equal(web.status, 0);
      const bank = diagnosed(partner);
      assert.match(bank.output, /✓ EndpointSlice +leads to the active gateway, 10\.244\.\d+\.\d+/);
      assert.match(bank.output, new RegExp(`✓ answers +${host}:5433 accepts connections`));
      assert.equal(bank.status, 0, bank.output);
    });

    it("finds a Service that requests nothing, or names a pool that does not exist", async () => {
      service("plain", {}, { selector: { app: "web" }, ports: [{ port: 443 }] });
      const plain = await begins(
        "plain",
        /: the Service requests nothing of ipman: type ClusterIP/,
      );
      assert.match(plain, /→ to show its pods to the partner, set type: LoadBalancer/);
      exposed("poolless", "web", 8_080, { "ipman.dialo.ai/poolName": "absent" });
      await begins("poolless", /: child example-child has no pool "absent"; known: primary\n/);
    });

    it("finds a selector that selects no pod, and a port that no pod has", async () => {
      exposed("podless", "absent", 8_080);
      await begins("podless", /: the Service has no endpoints: its selector app=absent selects/);
      exposed("deaf", "web", 9_999);
      await begins("deaf", /: the endpoint 10\.244\.\d+\.\d+:9999 refuses connections\n/);
    });

    it("finds a host outside of the tunnel, and one that refuses through it", async () => {
      remote("far", "10.77.0.1", 5_433);
      await begins("far", /: HostNotRouted: 10\.77\.0\.1 is in no network/);
      remote("closed", host, 5_999);
      await begins(
        "closed",
        new RegExp(`: ${host.replaceAll(".", "\\.")}:5999 refuses connections\\n`),
      );
    });
  });
}
