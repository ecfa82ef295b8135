import { agentAccountOf } from "../../model/kubernetes/agent-access.ts";
import type { DeploymentSettings } from "../../model/kubernetes/deployments.ts";
import type { Image } from "../../model/kubernetes/image.ts";
import type { ConfigurationNames } from "../../runtime/operator/webhooks/webhook-configurations.ts";
import type { CharonSettings } from "../../model/charon/charon-settings.ts";
import type { Prefix } from "../../model/net/prefix.ts";
import type { LogSettings } from "../../runtime/logs/logger.ts";
import { addressOption } from "../options/address-option.ts";
import { clientAuthority } from "../options/client-authority.ts";
import { clusterNetworks, kubeconfig, logFormat, logLevel, vxlanPort } from "../options/common.ts";
import {
  choice,
  flag,
  integer,
  optionalText,
  requiredText,
  text,
  words,
} from "../options/kinds.ts";
import { UsageError, type ValuesOf } from "../options/option.ts";
import { charonSettings } from "../options/settings-option.ts";

/**
 * `named`: each agent has a service account of its own, which reads the Secrets of its connections.
 * `namespace`: all agents share one, which reads every Secret of those namespaces.
 */
export type SecretAccess = "named" | "namespace";

/** The settings of an operator. */
export interface OperatorOptions {
  readonly ipmanImage: Image;
  readonly charonImage: Image;
  readonly legacyCharonImage: Image;
  readonly pullSecrets: readonly string[];
  /** The service account of agents that have none of their own. */
  readonly agentAccount: string;
  readonly secretAccess: SecretAccess;
  /** The namespaces whose Secrets connections may name. */
  readonly secretNamespaces: readonly string[];
  /** `ServiceAccount/NAME`, or empty. */
  readonly owner: string;
  readonly priorityClass: string;
  readonly serviceName: string;
  readonly certificateSecret: string;
  readonly managedCertificates: boolean;
  readonly pathSecret: string;
  /** As PEM, or undefined. */
  readonly clientAuthority: string | undefined;
  readonly webhooks: ConfigurationNames;
  readonly webhookPort: number;
  readonly listen: string;
  readonly ttlSeconds: number;
  readonly requireAllowedNamespaces: boolean;
  readonly namespaceDefaults: boolean;
  readonly requireSecretConsent: boolean;
  /** Whether Services are connected to tunnels. */
  readonly services: boolean;
  readonly vxlanPort: number;
  /** Networks that stay outside of tunnels, besides those that the operator knows itself. */
  readonly clusterNetworks: readonly Prefix[];
  readonly charonSettings: CharonSettings;
  readonly kubeconfig: string | undefined;
  readonly namespace: string | undefined;
  readonly log: LogSettings;
}

/** The options of the command line. */
export const operatorOptions = {
  ipmanImage: requiredText(
    "--ipman-image <image>",
    "image of agents and of the init container of workloads",
  ),
  charonImage: requiredText("--charon-image <image>", "image of charon and gateways"),
  legacyCharonImage: requiredText(
    "--legacy-charon-image <image>",
    "image of charon in CharonGroups with charonImage: legacy",
  ),
  pullPolicy: text("--pull-policy <policy>", "pull policy of ipman's image", "IfNotPresent"),
  charonPullPolicy: text(
    "--charon-pull-policy <policy>",
    "pull policy of charon's image",
    "IfNotPresent",
  ),
  pullSecrets: words("--pull-secrets <names>", "imagePullSecrets, separated by commas", []),
  agentAccount: text("--agent-account <name>", "the agents' service account", "ipman-agent"),
  secretAccess: choice(
    "--secret-access <mode>",
    "agents read the Secrets that their connections name, by accounts of their own, or all Secrets of --secret-namespaces, by --agent-account",
    ["named", "namespace"],
    "namespace",
  ),
  secretNamespaces: words(
    "--secret-namespaces <namespaces>",
    "namespaces whose Secrets connections may name, separated by commas",
    ["default"],
  ),
  owner: text(
    "--owner <kind/name>",
    "ServiceAccount with which everything is deleted that the operator made",
    "",
  ),
  priorityClass: text(
    "--priority-class <name>",
    "priority class of charon, agents and gateways",
    "",
  ),
  service: text("--service <name>", "the webhooks' Service", "ipman-webhook"),
  certificateSecret: text(
    "--certificate-secret <name>",
    "the Secret with the webhooks' certificate",
    "ipman-webhook-tls",
  ),
  pathSecret: text(
    "--path-secret <name>",
    "the Secret with the key of the webhooks' secret paths",
    "ipman-webhook-path",
  ),
  clientAuthority,
  certificates: choice(
    "--certificates <mode>",
    "whether the operator makes the webhooks' certificate",
    ["managed", "external"],
    "managed",
  ),
  mutating: text("--mutating <name>", "the MutatingWebhookConfiguration", "ipman"),
  validating: text("--validating <name>", "the ValidatingWebhookConfiguration", "ipman"),
  webhookPort: integer("--webhook-port <port>", "port for calls of the API server", {
    least: 1,
    most: 65_535,
    fallback: 9_443,
  }),
  listen: addressOption(
    "--listen <address>",
    "host:port of metrics, /healthz and /readyz",
    "0.0.0.0:9740",
  ),
  reservationTtl: integer(
    "--reservation-ttl <seconds>",
    "time after which the address of a pod that never came is free again, at least twice --pod-timeout",
    { least: 5, most: 3_600, fallback: 75 },
  ),
  podTimeout: integer(
    "--pod-timeout <seconds>",
    "time that the API server waits for an answer of the pod webhook",
    { least: 1, most: 30, fallback: 10 },
  ),
  requireAllowedNamespaces: flag(
    "--require-allowed-namespaces",
    "no pod may join a connection without spec.allowedNamespaces",
  ),
  namespaceDefaults: flag(
    "--namespace-defaults",
    "attach the new pods of namespaces with the label ipman.dialo.ai/defaults",
  ),
  requireSecretConsent: flag(
    "--require-secret-consent",
    "use a Secret's keys only for the connections that its annotation ipman.dialo.ai/keyFor lists",
  ),
  services: flag(
    "--no-services",
    "do not read Services: none gets an address of a tunnel or leads to a host of a partner",
  ),
  vxlanPort,
  clusterNetworks,
  charonSettings,
  kubeconfig,
  namespace: optionalText(
    "--namespace <name>",
    "namespace of the pods (by default that of the context)",
  ),
  logLevel,
  logFormat,
};

/** Derives the settings of an operator from the values of its command line. */
export function operatorOptionsFrom(values: ValuesOf<typeof operatorOptions>): OperatorOptions {
  const { pullPolicy, charonPullPolicy, certificates, service, mutating, validating } = values;
  return {
    ...values,
    ipmanImage: { name: values.ipmanImage, pullPolicy },
    charonImage: { name: values.charonImage, pullPolicy: charonPullPolicy },
    legacyCharonImage: { name: values.legacyCharonImage, pullPolicy: charonPullPolicy },
    serviceName: service,
    managedCertificates: certificates === "managed",
    webhooks: { mutating, validating },
    ttlSeconds: reservationSeconds(values),
    log: { level: values.logLevel, format: values.logFormat },
  };
}

/** The settings of the Deployments, of which the owner and the networks are found at run time. */
export function deploymentSettings(
  options: OperatorOptions,
  found: Pick<DeploymentSettings, "namespace" | "owner"> & { readonly outside: readonly Prefix[] },
): DeploymentSettings {
  const { secretAccess, agentAccount, log } = options;
  return {
    namespace: found.namespace,
    owner: found.owner,
    ipmanImage: options.ipmanImage,
    charonImage: options.charonImage,
    legacyCharonImage: options.legacyCharonImage,
    pullSecrets: options.pullSecrets,
    agentAccount: secretAccess === "named" ? agentAccountOf : () => agentAccount,
    requireSecretConsent: options.requireSecretConsent,
    services: options.services,
    priorityClass: options.priorityClass,
    vxlanPort: options.vxlanPort,
    clusterNetworks: found.outside,
    charonSettings: options.charonSettings,
    logLevel: log.level,
  };
}

/** The API server may call the webhook twice for one pod, and waits for each answer. */
const callsPerPod = 2;

/** How long a reservation lasts: at least until the API server has stored its pod. */
function reservationSeconds({
  reservationTtl,
  podTimeout,
}: Pick<ValuesOf<typeof operatorOptions>, "reservationTtl" | "podTimeout">): number {
  const least = callsPerPod * podTimeout;
  if (reservationTtl >= least) return reservationTtl;
  throw new UsageError(
    `--reservation-ttl is ${reservationTtl}, less than twice --pod-timeout, which is ` +
      `${podTimeout}: a reservation could end while the API server still admits its pod; set ` +
      `--reservation-ttl to at least ${least}, or lower --pod-timeout`,
  );
}
