import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { LabCluster } from "../../lab/cluster/cluster.ts";

/** A minimal webhook on Node's own HTTPS server. */
const program = `
const { readFileSync } = require("node:fs");
const pair = { cert: readFileSync("/pair/tls.crt"), key: readFileSync("/pair/tls.key") };
const server = require("node:https").createServer(pair, (request, response) => {
  let body = "";
  request.on("data", (chunk) => (body += chunk));
  request.on("end", () => {
    const { uid } = JSON.parse(body).request;
    const review = { apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", response: { uid, allowed: true } };
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(review));
  });
});
server.keepAliveTimeout = 120000;
server.listen(8443);
`;

const name = "allow-all";
const namespace = "default";
const labels = { app: name };

/**
 * Runs it like the operator: two replicas of the same image, behind a Service. It admits the pods
 * with these labels: another kind of condition would also cost the API server time for the pods
 * that the operator admits.
 */
export async function startAllowAll(
  cluster: LabCluster,
  matchLabels: Readonly<Record<string, string>>,
): Promise<void> {
  const { pki } = cluster.plane;
  await pki.server(name, [`${name}.${namespace}.svc`]);
  const file = (end: string) => readFileSync(join(pki.folder, `${name}.${end}`), "utf8");
  const pair = { "tls.crt": file("crt"), "tls.key": file("key") };
  cluster.apply(
    { ...head("v1", "Secret"), stringData: pair },
    {
      ...head("v1", "Service"),
      spec: { selector: labels, ports: [{ port: 443, targetPort: 8443 }] },
    },
    { ...head("apps/v1", "Deployment"), spec: deployment },
    configuration(matchLabels, readFileSync(join(pki.folder, "ca.crt")).toString("base64")),
  );
  const wait = ["rollout", "status", "-n", namespace, `deployment/${name}`, "--timeout=90s"];
  cluster.kubectl(...wait);
}

const head = (apiVersion: string, kind: string) => ({
  apiVersion,
  kind,
  metadata: { name, namespace },
});

const container = {
  name: "main",
  image: "ipman:dev",
  imagePullPolicy: "IfNotPresent",
  command: ["/usr/bin/node", "-e", program],
  volumeMounts: [{ name: "pair", mountPath: "/pair" }],
  readinessProbe: { tcpSocket: { port: 8443 }, periodSeconds: 1 },
};

const deployment = {
  replicas: 2,
  selector: { matchLabels: labels },
  template: {
    metadata: { labels },
    spec: {
      terminationGracePeriodSeconds: 0,
      volumes: [{ name: "pair", secret: { secretName: name } }],
      containers: [container],
      affinity: {
        podAntiAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [
            { topologyKey: "kubernetes.io/hostname", labelSelector: { matchLabels: labels } },
          ],
        },
      },
    },
  },
};

function configuration(matchLabels: object, caBundle: string): object {
  const service = { name, namespace, path: "/" };
  const rule = {
    apiGroups: [""],
    apiVersions: ["v1"],
    operations: ["CREATE"],
    resources: ["pods"],
  };
  return {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "MutatingWebhookConfiguration",
    metadata: { name },
    webhooks: [
      {
        name: `${name}.example.org`,
        admissionReviewVersions: ["v1"],
        sideEffects: "None",
        clientConfig: { service, caBundle },
        rules: [rule],
        objectSelector: { matchLabels },
      },
    ],
  };
}
