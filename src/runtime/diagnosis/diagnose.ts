import { firstValueFrom } from "rxjs";
import type { ConnectionActor } from "../../machines/connection/connection.ts";
import { parseAddress, type Address } from "../../model/net/address.ts";
import { ok, problem, skipped, type Finding } from "../../model/status/finding.ts";
import { isEstablished, type IkeSa } from "../../model/charon/sa.ts";
import { rekey } from "../connections/connection-commands.ts";
import type { Running } from "../ports/running.ts";
import { isUp } from "../conditions/conditions.ts";
import { checkDeclared } from "./declared.ts";
import type { Examiner } from "./examiner.ts";
import { checkGateway, checkWorkers } from "./gateway.ts";
import { checkChild, checkIke } from "./sas.ts";
import { rootOf } from "../connections/root-of.ts";
import { childrenOf, type ChildSubject } from "./subject.ts";
import { checkTraffic } from "./traffic.ts";
import { checkWay } from "./way.ts";

/** What is to be looked at. */
export interface DiagnosisRequest {
  readonly connection: string;
  /** The key of a child; undefined for all. */
  readonly child: string | undefined;
  /** Who behind the peer answers to ping; undefined for the child's own probe. */
  readonly ping: Address | undefined;
  /** Whether CHILD SAs are to be rekeyed, to see whether the peer agrees. */
  readonly rekey: boolean;
}

/**
 * Looks for what keeps a connection from carrying traffic, in the order of cause and effect:
 * the first problem is the cause of those that follow, or else its own.
 *
 * @throws where there is no such connection or child
 */
export async function* diagnose(
  running: Running,
  examiner: Examiner,
  request: DiagnosisRequest,
): AsyncGenerator<Finding, void> {
  const root = rootOf(running, request.connection);
  const keys = childrenOf(root, request.child).map(({ child }) => child.key);
  if (keys.length === 0)
    throw new Error(`connection ${request.connection} has no child "${request.child}"`);
  const declared = checkDeclared(running, root);
  yield* declared;
  if (declared.some(({ check, verdict }) => check !== "document" && verdict === "problem")) {
    yield skipped("IKE SA", "cannot come about without these");
    return;
  }
  const remote = remoteOf(root);
  const way = checkWay(root.getSnapshot().context.connection, remote, examiner);
  yield* way;
  const ike = await checkIke(root, remote, examiner);
  yield* ike;
  for (const key of keys) yield* diagnoseChild(running, root, key, ike[0], examiner, request);
}

async function* diagnoseChild(
  running: Running,
  root: ConnectionActor,
  key: string,
  ike: Finding | undefined,
  examiner: Examiner,
  request: DiagnosisRequest,
): AsyncGenerator<Finding, void> {
  for await (const finding of checksOf()) yield { ...finding, child: key };

  async function* checksOf(): AsyncGenerator<Finding, void> {
    // As it is now: what was looked at before took its time.
    const [subject] = childrenOf(root, key);
    if (subject === undefined) return;
    yield* checkChild(ike, subject);
    const gateway = checkGateway(subject, examiner);
    yield* gateway;
    const isWell = gateway.every(({ verdict }) => verdict !== "problem");
    const { placed } = subject;
    if (placed === undefined || !isWell) return;
    yield* await checkWorkers(placed, examiner);
    if (!isUp(subject.state)) return;
    yield* await checkTraffic(placed, request.ping ?? subject.child.probe?.address, examiner);
    yield await checkRekey(running, subject, request);
  }
}

/** A peer that would refuse at the end of the SA's life refuses now; the SA goes on. */
async function checkRekey(
  running: Running,
  { child }: ChildSubject,
  request: DiagnosisRequest,
): Promise<Finding> {
  if (!request.rekey) return skipped("rekey", "--rekey tries whether the peer agrees to one");
  const { done, message } = await firstValueFrom(rekey(running, request.connection, child.key));
  if (done) return ok("rekey", "the peer agrees");
  return problem(
    "rekey",
    message,
    "key exchange groups (PFS) in esp_proposals are compared at a rekey only: have the same on both sides",
  );
}

/** Where the peer is: where it was found, or as declared, or as charon has resolved it. */
function remoteOf(root: ConnectionActor): Address | undefined {
  const { connection, ikeSas } = root.getSnapshot().context;
  const hostOf = (sa: IkeSa | undefined) => parseAddress(sa?.remoteHost ?? "");
  return hostOf(ikeSas.find(isEstablished)) ?? connection.remoteAddress ?? hostOf(ikeSas[0]);
}
