import type { Logger } from "pino";
import { defer, first, repeat } from "rxjs";
import type { KubeClient } from "../../../adapters/kubernetes/client/kube-client.ts";
import { resourceTypes } from "../../../adapters/kubernetes/client/resource-type.ts";
import { retryWithBackoff } from "../../../adapters/time/retry-with-backoff.ts";
import { goOperatorRole } from "../../../model/kubernetes/go-operator.ts";
import type { KubeObject } from "../../../model/kubernetes/kube-object.ts";
import { label, manager } from "../../../model/kubernetes/labels.ts";

export interface GoOperatorExitOptions {
  readonly client: KubeClient;
  /** The operator's own namespace: pods of others are left alone. */
  readonly namespace: string;
  readonly log: Logger;
  readonly onTrouble: (error: unknown) => void;
  /** Called once, when no pod of the Go operator runs in the namespace. */
  readonly onEnded: () => void;
}

const passMs = 1_000;
/** Passes between two log lines about a Go operator that still runs. */
const reportPasses = 30;
/** Passes that pods may take to end; pods on a lost node never end. */
const endingPasses = 60;

const type = resourceTypes.Pod;

/**
 * Deletes the pods that the Go operator left in this namespace: its charon holds UDP 500 on a node.
 * First waits until the Go operator itself has ended, since it would create them again.
 */
export class GoOperatorExit implements Disposable {
  readonly #options: GoOperatorExitOptions;
  readonly #subscription;
  /** Names of the pods that were found, whichever replica deleted them. */
  readonly #found = new Set<string>();
  #waitedPasses = 0;
  #operatorPasses = 0;
  #createdPasses = 0;

  constructor(options: GoOperatorExitOptions) {
    this.#options = options;
    const onError = options.onTrouble;
    this.#subscription = defer(() => this.#pass())
      .pipe(retryWithBackoff({ onError, maxMs: passMs }), repeat({ delay: passMs }), first(Boolean))
      .subscribe(() => options.onEnded());
  }

  [Symbol.dispose](): void {
    this.#subscription.unsubscribe();
  }

  /** Whether ipman may create its own Deployments. */
  async #pass(): Promise<boolean> {
    const { operators, created } = await this.#find();
    const running = operators.filter(isRunning);
    if (running.length > 0) return this.#waitFor(running);
    if (operators.length > 0 && ++this.#operatorPasses < endingPasses) return false;
    await this.#delete(created.filter(isRunning));
    if (created.length === 0) return this.#report();
    return ++this.#createdPasses >= endingPasses && this.#giveUp(created);
  }

  async #find() {
    const { client, namespace } = this.#options;
    const operators: KubeObject[] = [];
    const created: KubeObject[] = [];
    const labelSelector = `${label.managedBy}!=${manager}`;
    await client.list(type, { namespace }, { labelSelector }, (pod) => {
      const role = goOperatorRole(pod);
      if (role === "operator") operators.push(pod);
      if (role === "created") created.push(pod);
    });
    for (const name of namesOf(created)) this.#found.add(name);
    return { operators, created };
  }

  #waitFor(operators: readonly KubeObject[]): false {
    if (this.#waitedPasses++ % reportPasses === 0)
      this.#options.log.warn(
        { pods: namesOf(operators) },
        "waiting for the Go operator to end before tunnels are started: delete its Deployment",
      );
    return false;
  }

  async #delete(pods: readonly KubeObject[]): Promise<void> {
    const { client, namespace, log } = this.#options;
    if (pods.length > 0)
      log.info({ pods: namesOf(pods) }, "deleting pods that the Go operator left");
    for (const { metadata } of pods) {
      const { name, uid } = metadata;
      await client.delete(type, { namespace, name }, { uid });
    }
  }

  #report(): true {
    const pods = [...this.#found];
    if (pods.length > 0) this.#options.log.info({ pods }, "the pods of the Go operator have ended");
    return true;
  }

  #giveUp(pods: readonly KubeObject[]): true {
    this.#options.log.warn(
      { pods: namesOf(pods) },
      "pods of the Go operator have not ended: on their nodes, charon may find UDP 500 in use",
    );
    return true;
  }
}

function isRunning({ metadata }: KubeObject): boolean {
  return metadata.deletionTimestamp === undefined;
}

function namesOf(pods: readonly KubeObject[]): string[] {
  return pods.map(({ metadata }) => metadata.name);
}
