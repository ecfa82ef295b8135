import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { KubeObject } from "../../kubernetes/kube-object.ts";
import { failure, Reason } from "../../status/failure.ts";
import { remoteService, sliceObject } from "../services.fixture.ts";
import { diagnoseService } from "./diagnose-service.ts";
import type { ServiceDiagnosisFacts } from "./service-subject.ts";
import {
  named,
  connection,
  withCondition,
  sa,
  web,
  childStatus,
  pod,
  exposed,
  db,
  tunnelOfDb,
  slice,
  remote,
  lines,
  finds,
  found,
} from "./diagnosis.fixture.ts";

describe("the diagnosis of a Service's tunnel", () => {
  describe("finds what is wrong with the tunnel", () => {
    const passed = ["request", "connection", "address", "endpoints"];
    it("a child that is down, and a gateway that is not ready", () => {
      const known = failure(Reason.NoProposalChosen, "no common proposal");
      const down = childStatus({ state: "failed", failure: known });
      finds(
        exposed({ tunnel: { child: down, sas: [] } }),
        /^tunnel: bank\/net is failed: NoProposalChosen: no common proposal$/,
        passed,
      );
      const absent = childStatus({ gateway: "absent" });
      finds(exposed({ tunnel: { child: absent, sas: [] } }), /gateway of bank\/net is ab/, passed);
      const silent = childStatus({ reachability: "unreachable" });
      finds(exposed({ tunnel: { child: silent, sas: [] } }), /its probe is not answered/, passed);
    });

    it("the operator's reason, if no agent answers", () => {
      const service = withCondition(web(), "TunnelDown", "is not established");
      const tunnel = { why: "forbidden" };
      finds(exposed({ service, tunnel }), /^tunnel: TunnelDown: is not established/, passed);
      const { problems } = found(exposed({ tunnel }));
      assert.deepEqual(problems, []);
      const elsewhere = { child: undefined, sas: [] };
      const noted = lines(diagnoseService(exposed({ tunnel: elsewhere })));
      assert.match(noted.at(-1) ?? "", /^note tunnel: the agent .* does not report child net/);
    });

    it("an address that the partner did not grant", () => {
      const tunnel = { child: childStatus(), sas: [sa(["10.0.2.0/29"], ["10.1.2.0/24"])] };
      finds(
        exposed({ tunnel }),
        /^selectors: 10\.0\.2\.10 is in none of the local networks of the CHILD SA: 10\.0\.2\.0\/29/,
        [...passed, "tunnel"],
      );
    });

    it("nothing in selectors of ports, which depend on the packet", () => {
      const tunnel = { child: childStatus(), sas: [sa(["10.9.0.0/24[tcp/443]"], ["10.1.2.0/24"])] };
      assert.deepEqual(found(exposed({ tunnel })).problems, []);
    });

    it("ports that the gateway does not forward, with the reason of the agent's event", () => {
      const tunnel = { ...exposed().tunnel, child: childStatus({ services: undefined }) };
      const facts = exposed({ tunnel: tunnel as ServiceDiagnosisFacts["tunnel"] });
      finds(facts, /forwards 0 of 1 ports of the Service$/, [...passed, "tunnel", "selectors"]);
      const refusal = "10.0.2.10 is a pod's address";
      assert.match(
        found({ ...facts, refusal }).problems[0] ?? "",
        /Service: 10\.0\.2\.10 is a pod/,
      );
    });

    it("a gateway near its limit of connections", () => {
      const tracking = failure(Reason.TrackingNearLimit, "tracks more than nine tenths");
      const tunnel = { child: childStatus({ tracking }), sas: [] };
      finds(exposed({ tunnel }), /^connections: tracks more/, [...passed, "tunnel", "gateway"]);
      const later = { ...tracking, reason: "LaterReason" } as unknown as typeof tracking;
      const facts = exposed({ tunnel: { child: childStatus({ tracking: later }), sas: [] } });
      assert.match(found(facts).problems[0] ?? "", /^connections: tracks more/);
    });
  });

  describe("finds what is wrong with the way to the partner", () => {
    const passed = ["request", "connection", "address", "tunnel"];
    it("a host that the partner did not grant", () => {
      const tunnel = tunnelOfDb([sa(["10.0.2.0/24"], ["10.1.2.0/30"])]);
      finds(
        remote({ tunnel }),
        /the host 10\.1\.2\.7 is in none of the partner's networks/,
        passed,
      );
    });

    it("a pair of networks that no CHILD SA has", () => {
      const sas = [sa(["10.0.2.0/24"], ["10.1.3.0/24"]), sa(["10.0.9.0/24"], ["10.1.2.0/24"])];
      finds(remote({ tunnel: tunnelOfDb(sas) }), /the host 10\.1\.2\.7 is in none/, passed);
    });

    it("translated addresses that the partner did not grant", () => {
      const nat = {
        source: { networks: [{ local: "10.0.2.0/24", seen: "192.168.77.0/24" }] },
        remote: [{ actual: "10.1.2.0/24", seen: "172.31.2.0/24" }],
      };
      const declared = connection({}, { local_ips: ["192.168.77.0/24"], nat });
      const service = withCondition(remoteService(db, named, "172.31.2.7"));
      const onWire = remote({ connection: declared, service });
      const granted = (local: string, wire: string) => ({
        ...onWire,
        tunnel: tunnelOfDb([sa([local], [wire])]),
      });
      assert.deepEqual(found(granted("192.168.77.0/24", "10.1.2.0/24")).problems, []);
      finds(granted("10.0.2.0/24", "10.1.2.0/24"), /sees it as 192\.168\.77\.11\) is in/, passed);
      finds(granted("192.168.77.0/24", "10.1.9.0/24"), /knows it as 10\.1\.2\.7\) is in/, passed);
    });

    it("a shared address that the partner did not grant, of a remote Service only", () => {
      const nat = { source: { addresses: "10.99.0.5-10.99.0.6" } };
      const declared = connection({}, { local_ips: ["10.99.0.4/30", "10.0.2.0/24"], nat });
      const narrowed = [sa(["10.99.0.5/32", "10.0.2.0/24"], ["10.1.2.0/24"])];
      const facts = remote({ connection: declared, tunnel: tunnelOfDb(narrowed) });
      finds(facts, /sees it as 10\.99\.0\.6\) is in none/, passed);
      const shown = exposed({ connection: declared });
      assert.deepEqual(found(shown).problems, []);
    });

    it("an EndpointSlice that is missing, leads elsewhere, or is not ready", () => {
      const before = [...passed, "selectors"];
      const withEndpoint = (...endpoints: object[]) =>
        remote({ slices: [{ ...slice, endpoints } as KubeObject] });
      finds(withEndpoint(), /has no endpoint/, before);
      const elsewhere = { addresses: ["10.244.0.8"] };
      finds(withEndpoint(elsewhere), /leads to 10\.244\.0\.8, .* is 10\.244\.0\.9/, before);
      const down = { addresses: ["10.244.0.9"], conditions: { ready: false } };
      finds(withEndpoint(down), /10\.244\.0\.9 is not ready/, before);
      const portless = { ...slice, ports: [] } as KubeObject;
      finds(remote({ slices: [portless] }), /port 5432\/tcp of the Service has no port/, before);
      const [missing] = found(remote({ slices: [] })).problems;
      assert.match(missing ?? "", /^EndpointSlice: ipman has written none/);
    });

    it("nothing in EndpointSlices that could not be read", () => {
      const findings = lines(diagnoseService(remote({ slices: { why: "forbidden" } })));
      assert.ok(findings.includes("note address: EndpointSlices cannot be read: forbidden"));
      assert.ok(findings.every((line) => !line.startsWith("problem")));
    });

    it("endpoints of other programs, which are worth knowing", () => {
      const manual = sliceObject(db, "manual", [pod("10.9.9.9")]);
      const findings = diagnoseService(remote({ slices: [slice, manual] }));
      assert.ok(
        lines(findings).some((line) => /^note EndpointSlice: .*connections: manual$/.test(line)),
      );
    });
  });
});
