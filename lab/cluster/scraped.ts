import { resourceTypes } from "../../src/adapters/kubernetes/client/resource-type.ts";
import type { LabCluster } from "./cluster.ts";

/** Every line that the operators and agents serve to a scrape. */
export async function scraped({ client }: LabCluster): Promise<string[]> {
  const addresses: string[] = [];
  const selector = { labelSelector: "ipman.dialo.ai/type in (operator,agent)" };
  await client.list(resourceTypes.Pod, { namespace: "ipman-system" }, selector, (pod) => {
    const { status } = pod as { status?: { podIP?: string } };
    if (status?.podIP !== undefined) addresses.push(status.podIP);
  });
  const texts = addresses.map(async (address) =>
    (await fetch(`http://${address}:9740/metrics`)).text(),
  );
  return (await Promise.all(texts)).join("\n").split("\n");
}

/** The sum of all series of operators and agents whose line starts with `series`. */
export async function scrapedSum(cluster: LabCluster, series: string): Promise<number> {
  const lines = (await scraped(cluster)).filter((line) => line.startsWith(series));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
}
