import type { Image } from "../../model/kubernetes/image.ts";
import type { ConfigurationNames } from "../../runtime/operator/webhooks/webhook-configurations.ts";
import type { CharonSettings } from "../../model/charon/charon-settings.ts";

/**
 * `named`: each agent has a service account of its own, which reads the Secrets of its connections.
 * `namespace`: all have one, which reads every Secret of those namespaces.
 */
export type SecretAccess = "named" | "namespace";

/** What an operator is started with. */
export interface OperatorOptions {
  readonly ipmanImage: Image;
  readonly charonImage: Image;
  readonly pullSecrets: readonly string[];
  /** The service account of agents that have none of their own. */
  readonly agentAccount: string;
  readonly secretAccess: SecretAccess;
  /** Where connections may name Secrets. */
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
  readonly requireSecretConsent: boolean;
  readonly vxlanPort: number;
  readonly charonSettings: CharonSettings;
  readonly kubeconfig: string | undefined;
  readonly namespace: string | undefined;
  readonly logLevel: string;
}
