import { defineCommand } from "../options/command.ts";
import { requireCluster } from "../options/require-cluster.ts";
import { operatorOptions, operatorOptionsFrom } from "./operator-options.ts";
import { terminationSignal } from "./termination-signal.ts";

export const command = defineCommand({
  details: `Makes the pods of the declared IPSecConnections (charon and an agent for each group, a gateway for
each child), admits annotated pods and gives them addresses. Any number of replicas may run: all of
them admit pods, one of them leads. The Helm chart deploys it.`,
  arguments: {},
  options: operatorOptions,
  run: async (values) => {
    const options = operatorOptionsFrom(values);
    requireCluster(options.kubeconfig);
    const { startOperator } = await import("./start-operator.ts");
    const operator = await startOperator(options);
    const ended = Promise.race([operator.lost, terminationSignal()]);
    const reason = await ended.catch(async (error: unknown) => {
      await operator.stop("it cannot run");
      throw error;
    });
    await operator.stop(reason);
    return reason === "lease lost" ? 1 : 0;
  },
});
