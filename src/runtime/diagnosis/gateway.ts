import { note, ok, problem, type Finding } from "../../model/status/finding.ts";
import type { Worker } from "../../model/network/endpoint.ts";
import { underlayIn } from "../../model/kubernetes/pod-addresses.ts";
import { contains, formatPrefix } from "../../model/net/prefix.ts";
import { gatewayState } from "../status/status.ts";
import { problemOf } from "./declared.ts";
import type { Examiner, Placed } from "./examiner.ts";
import type { ChildSubject } from "./subject.ts";

/** Workers that are looked at one by one. */
const mostWorkers = 16;

/** The gateway's namespace against its plan. */
export function checkGateway({ gateway, placed }: ChildSubject, examiner: Examiner): Finding[] {
  const failure = gateway?.context.failure;
  if (failure !== undefined) return [problemOf("gateway", failure)];
  if (gateway === undefined || placed === undefined)
    return [
      problem(
        "gateway",
        "has no network namespace yet",
        "in a cluster: does its pod run? `kubectl get pods -l ipman.dialo.ai/type=xfrm`",
      ),
    ];
  const state = gatewayState(gateway);
  if (state !== "ready") return [note("gateway", `is ${state}`)];
  return [...overlap(placed), drift(examiner.gatewayDrift(placed))];
}

/** The workers of a child: their namespaces where they are at hand, and whether they answer. */
export async function checkWorkers(placed: Placed, examiner: Examiner): Promise<Finding[]> {
  const { workers } = placed;
  if (workers.length === 0) return [note("workers", "there are none")];
  const looked = workers.slice(0, mostWorkers);
  const found: Finding[] = [];
  for (const worker of looked) found.push(...(await checkWorker(placed, worker, examiner)));
  if (found.length > 0) return found;
  const all = looked.length === workers.length ? "all" : `the first ${looked.length} of`;
  return [ok("workers", `${all} ${workers.length} answer to their gateway`)];
}

async function checkWorker(placed: Placed, worker: Worker, examiner: Examiner): Promise<Finding[]> {
  const name = formatPrefix(worker.address).replace(/\/.*/, "");
  // Before it is asked: by the question itself it would learn where the gateway is.
  const lacks = examiner.workerDrift(placed, worker) ?? [];
  if (lacks.length > 0)
    return [
      problem(
        "workers",
        `the namespace of ${name} is not as it should be; it lacks: ${lacks.join("; ")}`,
        "attach it again (`ipman attach`), or restart the pod; and find out who changed it",
      ),
    ];
  const { gateway, child } = placed;
  const ask = { target: worker.address.address };
  if (await examiner.answersGateway(gateway, child.xfrmIp.address, ask)) return [];
  return [
    problem(
      "workers",
      `${name} does not answer to its gateway`,
      "does it drop ping? otherwise VXLAN does not pass between them: UDP 7789 in the pod network",
    ),
  ];
}

function drift(lacks: readonly string[]): Finding {
  if (lacks.length === 0) return ok("gateway", "is as planned");
  return problem(
    "gateway",
    `somebody changed its namespace; it lacks: ${lacks.join("; ")}`,
    "ipman mends what it sees changing, and everything every ten minutes; find out who did it",
  );
}

/** Packets between gateway and workers that would go into the tunnel themselves. */
function overlap({ child, gateway, workers }: Placed): Finding[] {
  const ends = [gateway, ...workers].map(
    (end) => underlayIn(end, gateway.underlay.family) ?? end.underlay,
  );
  const covers = child.remoteSelectors.find((prefix) => ends.some((end) => contains(prefix, end)));
  if (covers === undefined) return [];
  return [
    problem(
      "selectors",
      `remote_ips has ${formatPrefix(covers)}, in which gateway and workers reach each other`,
      "name the networks behind the peer more narrowly",
    ),
  ];
}
