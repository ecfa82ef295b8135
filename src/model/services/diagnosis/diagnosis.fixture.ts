import assert from "node:assert/strict";
import { childSpec, connectionSpec } from "../../../../lab/sites/manifests.ts";
import type { ChildSa } from "../../charon/sa.ts";
import type { KubeObject } from "../../kubernetes/kube-object.ts";
import { SegmentKey } from "../../network/segment-key.ts";
import type { Finding } from "../../status/finding.ts";
import type { ChildStatus } from "../../status/status.ts";
import { connectionFromCr } from "../../validation/connection-from-cr.ts";
import type { ServiceObject } from "../service-object.ts";
import type { ServiceReason } from "../service-reason.ts";
import { exposedService, remoteService, remoteSlice, sliceObject } from "../services.fixture.ts";
import { diagnoseService } from "./diagnose-service.ts";
import type { ServiceDiagnosisFacts } from "./service-subject.ts";

const key = new SegmentKey(Buffer.alloc(32, 1));
/** The child and the pool that the Services of tests name. */
export const named = { connection: "bank", child: "net", pool: "primary" };
const pools = { primary: ["10.0.2.10-10.0.2.19"] };

/** The connection that the Services name, as the API server has it. */
export function connection(changes: object = {}, ofChild: object = {}) {
  const net = childSpec(2, {
    name: "net",
    local_ips: ["10.0.2.0/24"],
    remote_ips: ["10.1.2.0/24"],
    ip_pools: pools,
    ...ofChild,
  });
  const manifest = connectionFromCr(connectionSpec("bank", { children: { net }, ...changes }));
  return { manifest, status: { node: "node-a", xfrmGatewayIp: { net: "10.244.0.9" } } };
}

/** A Service with the operator's condition. */
export const withCondition = (
  object: KubeObject,
  reason: ServiceReason = "Ready",
  message = "",
) => {
  const condition = {
    type: "ipman.dialo.ai/Ready",
    status: "False",
    reason,
    message,
    lastTransitionTime: "",
  };
  const { status } = object as ServiceObject;
  return { ...object, status: { ...status, conditions: [condition] } } as ServiceObject;
};

/** A CHILD SA with these networks. */
export const sa = (local: readonly string[], remote: readonly string[]) =>
  ({ state: "INSTALLED", localSelectors: local, remoteSelectors: remote }) as unknown as ChildSa;

/** The exposed Service. */
export const shop = "shop/web";
/** The same, as its author wrote it. */
export const web = (changes: { spec?: object; annotations?: object } = {}) =>
  exposedService(shop, named, "10.0.2.10", changes);
/** The part of its spec that selects pods. */
export const selecting = { selector: { app: "web" } };
const forwarded = { service: shop, transport: "tcp", address: "10.0.2.10:443", backends: 2 };

/** The child, as its agent reports it. */
export const childStatus = (changes: Partial<ChildStatus> = {}) =>
  ({
    key: "net",
    state: "established",
    gateway: "ready",
    workers: [],
    services: { exposed: [forwarded], remote: [] },
    ...changes,
  }) as unknown as ChildStatus;

/** An endpoint. */
export const pod = (address: string, others: object = {}) => ({ address, ...others });
const ready = sliceObject(shop, "web-1", [
  pod("10.244.0.7", { nodeName: "node-a" }),
  pod("10.244.1.7", { nodeName: "node-b" }),
]);
/** The slices of the exposed Service with these endpoints. */
export const endpointsOf = (...endpoints: object[]) => [
  sliceObject(shop, "web-1", endpoints as { address: string }[]),
];

/** The facts of an exposed Service that works. */
export const exposed = (changes: Partial<ServiceDiagnosisFacts> = {}): ServiceDiagnosisFacts => ({
  service: withCondition(web({ spec: selecting })),
  slices: [ready],
  connection: connection(),
  tunnel: { child: childStatus(), sas: [sa(["10.0.2.0/24"], ["10.1.2.0/24"])] },
  refusal: undefined,
  ...changes,
});

/** The remote Service. */
export const db = "shop/db";
const ofDb = { service: db, transport: "tcp", gatewayPort: 20_001, source: "", hosts: [] };
/** The tunnel of the remote Service with these CHILD SAs. */
export const tunnelOfDb = (sas: readonly ChildSa[] = [sa(["10.0.2.0/24"], ["10.1.2.0/24"])]) => {
  const services = { exposed: [], remote: [ofDb] } as unknown as ChildStatus["services"];
  return { child: childStatus({ services }), sas };
};
/** The operator's slice of the remote Service. */
export const slice = remoteSlice(db, named, key, { source: "10.0.2.11", port: 20_001 });

/** The facts of a remote Service that works. */
export const remote = (changes: Partial<ServiceDiagnosisFacts> = {}): ServiceDiagnosisFacts => ({
  service: withCondition(remoteService(db, named, "10.1.2.7")),
  slices: [slice],
  connection: connection(),
  tunnel: tunnelOfDb(),
  refusal: undefined,
  ...changes,
});

/** A command of the plugin without its connection. */
const incomplete = /kubectl ipman \w+(?! bank)\b/;

/** Findings as texts. */
export const lines = (findings: readonly Finding[]) =>
  findings.map(({ check, verdict, message }) => `${verdict} ${check}: ${message}`);

/** The checks before the problems, and the problems; every problem has a remedy, whose commands can be run. */
export function found(facts: ServiceDiagnosisFacts) {
  const findings = diagnoseService(facts);
  const problems = findings.filter(({ verdict }) => verdict === "problem");
  for (const { hint = "" } of problems) {
    assert.notEqual(hint, "");
    assert.doesNotMatch(hint, incomplete);
  }
  return {
    passed: findings.filter(({ verdict }) => verdict === "ok").map(({ check }) => check),
    problems: problems.map(({ check, message }) => `${check}: ${message}`),
  };
}

/** Requires that the first problem matches, after these checks have passed. */
export function finds(
  facts: ServiceDiagnosisFacts,
  problem: RegExp,
  passed: readonly string[],
  count = 1,
) {
  const { problems, passed: ok } = found(facts);
  assert.match(problems[0] ?? "", problem);
  assert.equal(problems.length, count, problems.join("\n"));
  assert.deepEqual(ok, passed);
}
