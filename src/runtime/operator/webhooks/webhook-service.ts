import type { AdmissionHandler } from "../../../adapters/kubernetes/admission/admission-review.ts";
import {
  AdmissionServer,
  type RefusalReason,
} from "../../../adapters/kubernetes/admission/admission-server.ts";
import type { KeyPair } from "../../../adapters/kubernetes/admission/certificates.ts";
import type { KubeClient } from "../../../adapters/kubernetes/client/kube-client.ts";
import type { OwnerReference } from "../../../model/kubernetes/kube-object.ts";
import { WebhookCertificates } from "./webhook-certificates.ts";
import { WebhookConfigurations, type ConfigurationNames } from "./webhook-configurations.ts";
import { WebhookPaths } from "./webhook-paths.ts";

export interface WebhookServiceOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly port: number;
  /** The Service that the API server calls. */
  readonly serviceName: string;
  readonly configurations: ConfigurationNames;
  /** The Secret with the certificate. */
  readonly certificateSecret: string;
  /** Whether the operator makes the certificate; otherwise cert-manager does. */
  readonly managedCertificates: boolean;
  /** The Secret with the key of the paths. */
  readonly pathSecret: string;
  /** As PEM: the authority of the client certificate that the API server has to present. */
  readonly clientAuthority: string | undefined;
  readonly handlers: ReadonlyMap<string, AdmissionHandler>;
  readonly owner: OwnerReference | undefined;
  readonly onPair: (pair: KeyPair) => void;
  /** Receives the reason before a certificate is replaced. */
  readonly onReplace: (reason: string) => void;
  readonly onRefused: (reason: RefusalReason, from: string) => void;
  readonly onTrouble: (error: unknown) => void;
}

/** The webhooks' server, with its certificate and its secret paths. */
export class WebhookService implements AsyncDisposable {
  readonly #parts = new AsyncDisposableStack();
  readonly #options: WebhookServiceOptions;
  readonly #paths: WebhookPaths;
  #server: Promise<AdmissionServer> | undefined;
  #listening = false;

  constructor(options: WebhookServiceOptions) {
    this.#options = options;
    const { client, namespace, owner, onTrouble, serviceName, managedCertificates } = options;
    this.#parts.defer(async () => (await this.#server)?.[Symbol.asyncDispose]());
    const shared = { client, namespace, owner, onTrouble };
    const configurations = this.#parts.use(
      new WebhookConfigurations(client, options.configurations, onTrouble),
    );
    this.#paths = this.#parts.use(
      new WebhookPaths({ ...shared, secretName: options.pathSecret, configurations }),
    );
    const trusted = managedCertificates ? configurations : undefined;
    const secretName = options.certificateSecret;
    const onPair = (pair: KeyPair) => this.#present(pair);
    this.#parts.use(
      new WebhookCertificates({
        ...shared,
        secretName,
        serviceName,
        trusted,
        onPair,
        onReplace: options.onReplace,
      }),
    );
  }

  /** Whether the server answers calls. */
  get ready(): boolean {
    return this.#listening && this.#paths.known;
  }

  /** Makes this replica the one that replaces the paths regularly. */
  lead(): void {
    this.#paths.lead();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.disposeAsync();
  }

  /** Listens as soon as there is a certificate, and presents the newest. */
  #present(pair: KeyPair): void {
    this.#options.onPair(pair);
    if (this.#server !== undefined) return void this.#server.then((server) => server.use(pair));
    const { port, handlers, clientAuthority, onRefused, onTrouble } = this.#options;
    const endpointOf = (path: string) => this.#paths.endpointOf(path);
    const options = { port, pair, handlers, endpointOf, clientAuthority, onRefused };
    this.#server = AdmissionServer.listen(options);
    this.#server.then(() => (this.#listening = true), onTrouble);
  }
}
