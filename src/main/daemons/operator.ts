import { clientAuthorityIn } from "../options/client-authority.ts";
import {
  integerOption,
  requiredOption,
  textOption,
  UsageError,
  type Command,
  type Values,
} from "../options/command.ts";
import { defaultVxlanPort } from "../options/defaults.ts";
import { settingsOption } from "../options/settings-option.ts";
import type { OperatorOptions } from "./operator-options.ts";

export const command: Command = {
  name: "operator",
  summary: "bring IPSecConnections about in a cluster",
  help: `usage: ipman operator [options]

Makes the pods that IPSecConnections take (charon and an agent for each group, a gateway for
each child), admits annotated pods and gives them addresses. Any number of replicas may run:
all admit, one leads. The Helm chart deploys it.

options:
  --ipman-image IMAGE     for agents and for the init container of workloads
  --charon-image IMAGE    for charon and gateways
  --pull-policy POLICY    of ipman's image (IfNotPresent)
  --charon-pull-policy P  of charon's (IfNotPresent)
  --pull-secrets NAMES    names of imagePullSecrets, with commas between them
  --agent-account NAME    the agents' service account (ipman-agent)
  --secret-access MODE    "named": each agent has an account of its own, which reads the Secrets
                          that its connections name; "namespace": all have the one above, which
                          reads every Secret of those namespaces (namespace)
  --secret-namespaces NS  where connections may name Secrets, with commas between them (default)
  --owner KIND/NAME       a ServiceAccount here, with which everything goes that was made
  --priority-class NAME   of charon, agents and gateways (none)
  --service NAME          the webhooks' Service (ipman-webhook)
  --certificate-secret N  holds the webhooks' certificate (ipman-webhook-tls)
  --path-secret NAME      holds the key of the webhooks' secret paths (ipman-webhook-path)
  --client-authority FILE authority whose certificates the API server has to present (none)
  --certificates MODE     "managed" by the operator itself, or "external" (managed)
  --mutating NAME         the MutatingWebhookConfiguration (ipman)
  --validating NAME       the ValidatingWebhookConfiguration (ipman)
  --webhook-port PORT     for the API server's calls (9443)
  --listen ADDRESS        metrics, /healthz and /readyz on host:port (0.0.0.0:9740)
  --reservation-ttl S     seconds after which an address goes back whose pod never came (75)
                          at least twice --pod-timeout
  --pod-timeout S         seconds that the API server waits for the pod webhook's answer (10)
  --require-allowed-namespaces
                          a connection without spec.allowedNamespaces is for no pod
  --require-secret-consent
                          a Secret's keys are used only for the connections that its
                          annotation ipman.dialo.ai/keyFor lists
  --vxlan-port PORT       UDP port of the VXLAN segments (${defaultVxlanPort})
  --charon-settings JSON  of charon-systemd in strongswan.conf, by dotted names:
                          '{"filelog.container.ike":2}'
  --kubeconfig FILE       for the API server (a pod's service account, or $KUBECONFIG)
  --namespace NAME        where the pods run (that of the context)
  --log LEVEL             trace, debug, info, warn, error (info); logs are JSON lines
`,
  options: {
    "ipman-image": { type: "string" },
    "charon-image": { type: "string" },
    "pull-policy": { type: "string" },
    "charon-pull-policy": { type: "string" },
    "pull-secrets": { type: "string" },
    "agent-account": { type: "string" },
    "secret-access": { type: "string" },
    "secret-namespaces": { type: "string" },
    owner: { type: "string" },
    "priority-class": { type: "string" },
    service: { type: "string" },
    "certificate-secret": { type: "string" },
    certificates: { type: "string" },
    "path-secret": { type: "string" },
    "client-authority": { type: "string" },
    mutating: { type: "string" },
    validating: { type: "string" },
    "webhook-port": { type: "string" },
    listen: { type: "string" },
    "reservation-ttl": { type: "string" },
    "pod-timeout": { type: "string" },
    "require-allowed-namespaces": { type: "boolean" },
    "require-secret-consent": { type: "boolean" },
    "vxlan-port": { type: "string" },
    "charon-settings": { type: "string" },
    kubeconfig: { type: "string" },
    namespace: { type: "string" },
    log: { type: "string" },
  },
  run: async (values) => {
    const { startOperator } = await import("./start-operator.ts");
    const operator = await startOperator(operatorOptionsIn(values));
    const ended = Promise.withResolvers<string>();
    process.once("SIGTERM", ended.resolve);
    process.once("SIGINT", ended.resolve);
    const why = await Promise.race([operator.lost, ended.promise]).catch(async (error: unknown) => {
      await operator.stop("it cannot run");
      throw error;
    });
    await operator.stop(why);
    return why === "lease lost" ? 1 : 0;
  },
};

/** What an operator is started with, by its command line. */
export function operatorOptionsIn(values: Values): OperatorOptions {
  const text = (name: string, fallback: string) => textOption(values, name, fallback);
  const image = (name: string, policy: string) => ({
    name: requiredOption(values, name),
    pullPolicy: text(policy, "IfNotPresent"),
  });
  return {
    ipmanImage: image("ipman-image", "pull-policy"),
    charonImage: image("charon-image", "charon-pull-policy"),
    pullSecrets: text("pull-secrets", "").split(",").filter(Boolean),
    agentAccount: text("agent-account", "ipman-agent"),
    secretAccess: text("secret-access", "namespace") === "named" ? "named" : "namespace",
    secretNamespaces: text("secret-namespaces", "default").split(",").filter(Boolean),
    owner: text("owner", ""),
    priorityClass: text("priority-class", ""),
    serviceName: text("service", "ipman-webhook"),
    certificateSecret: text("certificate-secret", "ipman-webhook-tls"),
    managedCertificates: text("certificates", "managed") === "managed",
    pathSecret: text("path-secret", "ipman-webhook-path"),
    clientAuthority: clientAuthorityIn(text("client-authority", "")),
    webhooks: { mutating: text("mutating", "ipman"), validating: text("validating", "ipman") },
    webhookPort: integerOption(values, "webhook-port", 9_443, { least: 1, most: 65_535 }),
    listen: text("listen", "0.0.0.0:9740"),
    ttlSeconds: reservationSecondsIn(values),
    requireAllowedNamespaces: values["require-allowed-namespaces"] === true,
    requireSecretConsent: values["require-secret-consent"] === true,
    vxlanPort: integerOption(values, "vxlan-port", defaultVxlanPort, { least: 1, most: 65_535 }),
    charonSettings: settingsOption(values),
    kubeconfig: values["kubeconfig"] as string | undefined,
    namespace: values["namespace"] as string | undefined,
    logLevel: text("log", "info"),
  };
}

/** The API server may call the webhook twice for one pod, and waits for each answer. */
const callsPerPod = 2;

/** How long a reservation lasts: at least until the API server has stored its pod. */
function reservationSecondsIn(values: Values): number {
  const seconds = integerOption(values, "reservation-ttl", 75, { least: 5, most: 3_600 });
  const timeout = integerOption(values, "pod-timeout", 10, { least: 1, most: 30 });
  const least = callsPerPod * timeout;
  if (seconds >= least) return seconds;
  throw new UsageError(
    `--reservation-ttl is ${seconds}, less than twice --pod-timeout, which is ${timeout}: a ` +
      `reservation could end while the API server still admits its pod; set --reservation-ttl ` +
      `to at least ${least}, or lower --pod-timeout`,
  );
}
