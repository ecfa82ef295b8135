import { note, ok, problem, type Finding } from "../../model/status/finding.ts";
import type { Child } from "../../model/api/connection.ts";
import type { Worker } from "../../model/network/endpoint.ts";
import { outsideOf, unroutedText } from "../../model/network/tunnel-routes.ts";
import { natLines } from "../../model/translation/child-nat.ts";
import { NetworkSet } from "../../model/net/network-set.ts";
import { underlayIn } from "../../model/kubernetes/pod-addresses.ts";
import { contains, formatPrefix } from "../../model/net/prefix.ts";
import { gatewayState } from "../status/status.ts";
import { problemOf } from "./declared.ts";
import { earlierWorkers } from "./earlier-workers.ts";
import type { Examiner, Placed } from "./examiner.ts";
import type { ChildSubject } from "./subject.ts";

/** The number of workers that are checked. */
const mostWorkers = 16;

/** Compares the gateway's namespace with its plan. */
export function checkGateway(
  { child, gateway, placed }: ChildSubject,
  examiner: Examiner,
): Finding[] {
  const failure = gateway?.context.failure;
  if (failure !== undefined) return [problemOf("gateway", failure)];
  if (gateway === undefined || placed === undefined)
    return [
      problem(
        "gateway",
        "has no network namespace yet",
        "in a cluster, check that its pod runs: `kubectl get pods -l ipman.dialo.ai/type=xfrm`",
      ),
    ];
  const state = gatewayState(gateway);
  if (state !== "ready") return [note("gateway", `is ${state}`)];
  const translated = natLines(child).map((line) => note("nat", line));
  const notes = [...unrouted(child), ...translated, ...earlierWorkers(placed), ...overlap(placed)];
  return [...notes, drift(examiner.gatewayDrift(placed))];
}

/** Checks the namespaces of workers on this node, and whether the workers answer their gateway. */
export async function checkWorkers(placed: Placed, examiner: Examiner): Promise<Finding[]> {
  const { workers } = placed;
  if (workers.length === 0) return [note("workers", "none are attached")];
  const checked = workers.slice(0, mostWorkers);
  const found: Finding[] = [];
  for (const worker of checked) found.push(...(await checkWorker(placed, worker, examiner)));
  if (found.length > 0) return found;
  const all = checked.length === workers.length ? "all" : `the first ${checked.length} of`;
  return [ok("workers", `${all} ${workers.length} answer their gateway`)];
}

async function checkWorker(placed: Placed, worker: Worker, examiner: Examiner): Promise<Finding[]> {
  const name = formatPrefix(worker.address).replace(/\/.*/, "");
  // Before the echo request, from which the worker would learn the gateway's address.
  const lacks = examiner.workerDrift(placed, worker) ?? [];
  if (lacks.length > 0)
    return [
      problem(
        "workers",
        `the namespace of ${name} does not match its plan; missing: ${lacks.join("; ")}`,
        "attach it again (`ipman attach`) or restart the pod, and find out which program changed it",
      ),
    ];
  const { gateway, child } = placed;
  const ask = { target: worker.address.address };
  if (await examiner.answersGateway(gateway, child.xfrmIp.address, ask)) return [];
  return [
    problem(
      "workers",
      `${name} does not answer its gateway`,
      "if it does not drop ping, VXLAN does not pass between them: allow UDP 7789 in the pod network",
    ),
  ];
}

function drift(lacks: readonly string[]): Finding {
  if (lacks.length === 0) return ok("gateway", "matches its plan");
  return problem(
    "gateway",
    `another program changed its namespace; missing: ${lacks.join("; ")}`,
    "ipman repairs changes that it sees at once, and others within ten minutes; find out which program made the change",
  );
}

/** Reports networks that the manifest names and that are not routed into the tunnel. */
function unrouted(child: Child): Finding[] {
  const text = unroutedText(child);
  return text === undefined ? [] : [note("routes", text)];
}

/**
 * Reports routes that contain addresses of the gateway or of workers. They leave out the networks
 * of these addresses; a gateway or worker on another node may be in a network that they contain.
 */
function overlap({ child, gateway, workers }: Placed): Finding[] {
  const ends = [gateway, ...workers].map(
    (end) => underlayIn(end, gateway.underlay.family) ?? end.underlay,
  );
  const known = new NetworkSet(outsideOf(child));
  const unknown = ends.filter((end) => !known.has(end));
  const covers = child.routes.find((prefix) => unknown.some((end) => contains(prefix, end)));
  if (covers === undefined) return [];
  return [
    problem(
      "routes",
      `the route ${formatPrefix(covers)} contains the network between gateway and workers`,
      "list the networks of pods, Services and nodes in the chart's clusterNetworks, or declare narrower routes",
    ),
  ];
}
