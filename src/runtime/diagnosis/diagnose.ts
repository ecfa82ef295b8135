import { firstValueFrom } from "rxjs";
import type { ConnectionActor } from "../../machines/connection/connection.ts";
import { parseAddress, type Address } from "../../model/net/address.ts";
import { note, ok, problem, skipped, type Finding } from "../../model/status/finding.ts";
import { isEstablished, type IkeSa } from "../../model/charon/sa.ts";
import { activeConnection, pathSnapshotOf } from "../actors/snapshots.ts";
import { rekey } from "../connections/connection-commands.ts";
import type { Running } from "../ports/running.ts";
import { isUp } from "../conditions/conditions.ts";
import { checkDeclared } from "./declared.ts";
import type { Examiner } from "./examiner.ts";
import { checkGateway, checkWorkers } from "./gateway.ts";
import { checkRoute } from "./route.ts";
import { checkAnswers } from "./service-answers.ts";
import { checkChild, checkIke } from "./sas.ts";
import { activeElsewhere, rootOf } from "../connections/root-of.ts";
import { byActivePath, checkStandbys } from "./standbys.ts";
import { childrenOf, type ChildSubject } from "./subject.ts";
import { checkTraffic } from "./traffic.ts";

/** The parameters of a diagnosis. */
export interface DiagnosisRequest {
  readonly connection: string;
  /** The key or the name of a child; undefined for all. */
  readonly child: string | undefined;
  /**
   * An address behind the peer that answers ping; undefined for the address of the child's probe.
   */
  readonly ping: Address | undefined;
  /** Whether to rekey the CHILD SAs, which shows whether the peer accepts that. */
  readonly rekey: boolean;
  /** Checks nothing but whether this Service, `namespace/name`, is answered; undefined without one. */
  readonly service?: string | undefined;
}

/**
 * Finds the reason why a connection carries no traffic. Checks run in the order of cause and
 * effect, so the first problem is the likely cause of the following ones. The paths that wait to take
 * over come last, since traffic does not depend on them.
 *
 * @throws if the connection or the child does not exist
 */
export async function* diagnose(
  running: Running,
  examiner: Examiner,
  request: DiagnosisRequest,
): AsyncGenerator<Finding, void> {
  const root = rootOf(running, request.connection);
  const elsewhere = activeElsewhere(root);
  if (request.service !== undefined) {
    if (elsewhere !== undefined) yield skipped("answers", elsewhere);
    else yield* diagnoseAnswers(root, request.child, request.service, examiner);
    return;
  }
  if (elsewhere === undefined) yield* diagnoseTraffic(running, root, examiner, request);
  else {
    yield* checkDeclared(running, root).filter(({ path }) => path === undefined);
    const hint = "kubectl ipman diagnose asks that agent";
    yield* byActivePath(root, [note("traffic", elsewhere, hint)]);
  }
  // Without charon, no path is up.
  if (running.charonSnapshot.matches("connected")) yield* checkStandbys(root, examiner);
}

/** Checks the hosts of one Service alone, whose other checks are those of `kubectl ipman`. */
async function* diagnoseAnswers(
  root: ConnectionActor,
  name: string | undefined,
  service: string,
  examiner: Examiner,
): AsyncGenerator<Finding, void> {
  for (const subject of childrenOf(root, name)) {
    const found = await checkAnswers(subject, service, examiner);
    yield* found.map((finding) => ({ ...finding, child: subject.child.key }));
  }
}

/** Checks what the traffic depends on: the active path, and the children. */
async function* diagnoseTraffic(
  running: Running,
  root: ConnectionActor,
  examiner: Examiner,
  request: DiagnosisRequest,
): AsyncGenerator<Finding, void> {
  const keys = childrenOf(root, request.child).map(({ child }) => child.key);
  if (keys.length === 0)
    throw new Error(`connection ${request.connection} has no child "${request.child}"`);
  const declared = checkDeclared(running, root);
  yield* declared;
  if (declared.some(({ check, verdict }) => check !== "manifest" && verdict === "problem")) {
    yield* byActivePath(root, [skipped("IKE SA", "depends on the checks above")]);
    return;
  }
  const remote = remoteOf(root);
  const connection = activeConnection(root.getSnapshot().context);
  yield* byActivePath(root, checkRoute(connection, remote, examiner));
  const ike = await checkIke(root, remote, examiner);
  yield* byActivePath(root, ike);
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
    // Read again, since the previous checks took time.
    const [subject] = childrenOf(root, key);
    if (subject === undefined) return;
    yield* byActivePath(root, checkChild(ike, subject));
    const gateway = checkGateway(subject, examiner);
    yield* gateway;
    const isReady = gateway.every(({ verdict }) => verdict !== "problem");
    const { placed } = subject;
    if (placed === undefined || !isReady) return;
    yield* await checkWorkers(placed, examiner);
    if (!isUp(subject.state)) return;
    const target = request.ping ?? subject.child.probe?.address;
    yield* byActivePath(root, await checkTraffic(placed, target, examiner));
    yield* byActivePath(root, [await checkRekey(running, subject, request)]);
  }
}

/** Rekeys the CHILD SA now: a peer that would refuse later refuses now, and the SA stays up. */
async function checkRekey(
  running: Running,
  { child }: ChildSubject,
  request: DiagnosisRequest,
): Promise<Finding> {
  if (!request.rekey) return skipped("rekey", "--rekey tests whether the peer accepts one");
  const { done, message } = await firstValueFrom(rekey(running, request.connection, child.key));
  if (done) return ok("rekey", "the peer accepts it");
  return problem(
    "rekey",
    message,
    "peers compare the key exchange groups (PFS) in esp_proposals only at a rekey: use the same groups on both sides",
  );
}

/** The peer's address: of the established IKE SA, as declared, or as charon resolved it. */
function remoteOf(root: ConnectionActor): Address | undefined {
  const snapshot = root.getSnapshot();
  const connection = activeConnection(snapshot.context);
  const { ikeSas = [] } = pathSnapshotOf(snapshot)?.context ?? {};
  const hostOf = (sa: IkeSa | undefined) => parseAddress(sa?.remoteHost ?? "");
  return hostOf(ikeSas.find(isEstablished)) ?? connection.remoteAddress ?? hostOf(ikeSas[0]);
}
