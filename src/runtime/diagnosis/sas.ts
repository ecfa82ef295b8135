import { filter, firstValueFrom, from, map, of, timeout } from "rxjs";
import type { ConnectionActor } from "../../machines/connection/connection.ts";
import type { PathActor } from "../../machines/path/path.ts";
import type { Address } from "../../model/net/address.ts";
import { Reason, type Failure } from "../../model/status/failure.ts";
import { reasons } from "../../model/status/reason.ts";
import { note, ok, problem, skipped, type Finding } from "../../model/status/finding.ts";
import { isEstablished, type IkeSa } from "../../model/charon/sa.ts";
import { pathOf } from "../actors/snapshots.ts";
import { isUp } from "../conditions/conditions.ts";
import { problemOf } from "./declared.ts";
import type { Examiner } from "./examiner.ts";
import type { ChildSubject } from "./subject.ts";

/** How long to wait for an attempt to reach the peer. */
const attemptMs = 8_000;

/** Checks whether the IKE SA is up, was refused, or gets no answer. */
export async function checkIke(
  root: ConnectionActor,
  remote: Address | undefined,
  examiner: Examiner,
): Promise<Finding[]> {
  const path = pathOf(root.getSnapshot());
  if (path === undefined) return [note("IKE SA", "is being removed")];
  const { connection, ikeSas, failure } = path.getSnapshot().context;
  const up = ikeSas.filter(isEstablished);
  const [sa] = up;
  if (sa !== undefined) {
    const isUp = ok("IKE SA", `is up, to ${sa.remoteHost}`);
    return [isUp, ...duplicates(up), ...difference("IKE SA", failure)];
  }
  if (failure !== undefined && !isSilence(failure)) return [problemOf("IKE SA", failure)];
  if (!connection.children.some(({ initiates }) => initiates)) {
    return [note("IKE SA", "ipman does not initiate: the peer has to", awaitingRemedy)];
  }
  const attempt = await attemptOf(path);
  if (attempt === "refused" || (attempt !== undefined && isEstablished(attempt)))
    return checkIke(root, remote, examiner);
  const pings = remote !== undefined && (await examiner.answersCharon(remote));
  return [silent(attempt, pings)];
}

/** Checks the CHILD SA of one child. */
export function checkChild(ike: Finding | undefined, subject: ChildSubject): Finding[] {
  const { snapshot } = subject;
  const { failure, hint, sas } = snapshot.context;
  const [sa] = sas;
  if (sa !== undefined && isUp(subject.state)) {
    const wrapped = sa.encapsulated ? ", encapsulated in UDP because of a NAT" : "";
    const up = ok("CHILD SA", `is up${wrapped}`);
    const differs = difference("CHILD SA", failure);
    if (sas.length === 1) return [up, ...differs];
    return [up, note("CHILD SA", `${sas.length} of them are up`, duplicateHint), ...differs];
  }
  if (ike?.verdict === "problem") return [skipped("CHILD SA", "waits for the IKE SA")];
  const why = hint ?? failure;
  if (why?.reason === Reason.AwaitingPeer) return [note("CHILD SA", why.message, awaitingRemedy)];
  if (why !== undefined) return [problemOf("CHILD SA", why)];
  return [note("CHILD SA", "is being negotiated")];
}

const awaitingRemedy = reasons[Reason.AwaitingPeer].remedy;

const duplicateHint =
  "both sides initiate: set `start_action: none` on one side, or `unique: replace`";

function duplicates(up: readonly IkeSa[]): Finding[] {
  if (up.length === 1) return [];
  return [note("IKE SA", `${up.length} of them are up`, duplicateHint)];
}

/** Reports that an established SA does not match the manifest, or that the peer does not rekey it. */
function difference(check: string, failure: Failure | undefined): Finding[] {
  if (failure?.reason !== Reason.SaDiffers && failure?.reason !== Reason.RekeyRefused) return [];
  return [note(check, failure.message, reasons[failure.reason].remedy)];
}

function isSilence({ reason }: Failure): boolean {
  return reason === Reason.PeerUnreachable || reason === Reason.NegotiationFailed;
}

/** The IKE SA that is connecting or up; `refused` if the peer refuses meanwhile. */
function attemptOf(path: PathActor): Promise<IkeSa | "refused" | undefined> {
  const snapshots = from(path);
  return firstValueFrom(
    snapshots.pipe(
      map(({ context: { ikeSas, failure } }) => {
        if (failure !== undefined && !isSilence(failure)) return "refused" as const;
        return ikeSas.find((sa) => sa.state === "CONNECTING" || isEstablished(sa));
      }),
      filter((found) => found !== undefined),
      timeout({ first: attemptMs, with: () => of(undefined) }),
    ),
  );
}

/** Explains a missing answer by how far the exchange has got. */
function silent(attempt: IkeSa | undefined, pings: boolean): Finding {
  const reachable = pings ? "it answers ping" : "it does not answer ping either";
  const isAuth = attempt?.tasks.some((task) => task.startsWith("IKE_AUTH")) === true;
  const isInit = attempt?.tasks.some((task) => task.startsWith("IKE_INIT")) === true;
  if (isAuth && !isInit)
    return problem(
      "IKE SA",
      "the peer answers on UDP 500 but not IKE_AUTH, which uses UDP 4500",
      "allow UDP 4500 in both directions; the peer may also drop requests silently that it does not accept",
    );
  return problem(
    "IKE SA",
    `the peer does not answer IKE_SA_INIT on UDP 500; ${reachable}`,
    "check that remoteAddr is the peer's address, and allow UDP 500 and 4500 in both directions",
  );
}
