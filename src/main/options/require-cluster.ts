import { accessSync, constants } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { errorText } from "../text/error-text.ts";
import { UsageError } from "./option.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Checks that the address of an API server can be found, as the Kubernetes client looks for it:
 * otherwise the client would call localhost for ever.
 *
 * @throws {UsageError} if there is neither a kubeconfig nor a pod's service account
 */
export function requireCluster(
  kubeconfig: string | undefined,
  environment: Environment = process.env,
  home = homedir(),
): void {
  if (kubeconfig !== undefined) return requireFile("--kubeconfig", kubeconfig);
  if (environment["KUBERNETES_SERVICE_HOST"] !== undefined) return;
  const listed = (environment["KUBECONFIG"] ?? "").split(":").filter(Boolean);
  if (listed.length > 0) {
    for (const file of listed) requireFile("$KUBECONFIG", file);
    return;
  }
  if (problemOf(join(home, ".kube/config")) === undefined) return;
  throw new UsageError(
    "no API server is known: this is not a pod, and there is neither --kubeconfig nor $KUBECONFIG " +
      "nor ~/.kube/config; name a kubeconfig by --kubeconfig FILE",
  );
}

function requireFile(origin: string, file: string): void {
  const problem = problemOf(file);
  if (problem !== undefined) throw new UsageError(`${origin} ${file}: ${problem}`);
}

function problemOf(file: string): string | undefined {
  try {
    accessSync(file, constants.R_OK);
    return undefined;
  } catch (error) {
    return errorText(error);
  }
}
