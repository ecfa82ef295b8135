import { filter, firstValueFrom, from, map, of, timeout } from "rxjs";
import type { ConnectionActor } from "../../machines/connection/connection.ts";
import type { Address } from "../../model/net/address.ts";
import { advice } from "../../model/status/advice.ts";
import { Reason, type Failure } from "../../model/status/failure.ts";
import { note, ok, problem, skipped, type Finding } from "../../model/status/finding.ts";
import { isEstablished, type IkeSa } from "../../model/charon/sa.ts";
import { isUp } from "../conditions/conditions.ts";
import { problemOf } from "./declared.ts";
import type { Examiner } from "./examiner.ts";
import type { ChildSubject } from "./subject.ts";

/** For so long an attempt to reach the peer is waited for. */
const attemptMs = 8_000;

/** The IKE SA: up, refused, or without an answer. */
export async function checkIke(
  root: ConnectionActor,
  remote: Address | undefined,
  examiner: Examiner,
): Promise<Finding[]> {
  const { ikeSas, failure } = root.getSnapshot().context;
  const up = ikeSas.filter(isEstablished);
  const [sa] = up;
  if (sa !== undefined) {
    const isUp = ok("IKE SA", `is up, to ${sa.remoteHost}`);
    return [isUp, ...duplicates(up), ...difference("IKE SA", failure)];
  }
  if (failure !== undefined && !isSilence(failure)) return [problemOf("IKE SA", failure)];
  const attempt = await attemptOf(root);
  if (attempt === "refused" || (attempt !== undefined && isEstablished(attempt)))
    return checkIke(root, remote, examiner);
  const pings = remote !== undefined && (await examiner.answersCharon(remote));
  return [silent(attempt, pings)];
}

/** The CHILD SA of one child. */
export function checkChild(ike: Finding | undefined, subject: ChildSubject): Finding[] {
  const { snapshot } = subject;
  const { failure, hint, sas } = snapshot.context;
  const [sa] = sas;
  if (sa !== undefined && isUp(subject.state)) {
    const wrapped = sa.encapsulated ? ", wrapped in UDP: there is a NAT in between" : "";
    const up = ok("CHILD SA", `is up${wrapped}`);
    const differs = difference("CHILD SA", failure);
    if (sas.length === 1) return [up, ...differs];
    return [up, note("CHILD SA", `${sas.length} of them are up`, duplicateHint), ...differs];
  }
  if (ike?.verdict === "problem") return [skipped("CHILD SA", "waits for the IKE SA")];
  const why = hint ?? failure;
  if (why !== undefined) return [problemOf("CHILD SA", why)];
  return [
    subject.child.initiates
      ? note("CHILD SA", "is being negotiated")
      : note("CHILD SA", "waits for the peer, or for traffic, to bring it up"),
  ];
}

const duplicateHint =
  "both sides initiate: let one wait (`start_action: none`), or set `unique: replace`";

function duplicates(up: readonly IkeSa[]): Finding[] {
  if (up.length === 1) return [];
  return [note("IKE SA", `${up.length} of them are up`, duplicateHint)];
}

/** That an SA which is up is not what is declared. */
function difference(check: string, failure: Failure | undefined): Finding[] {
  if (failure?.reason !== Reason.SaDiffers) return [];
  return [note(check, failure.message, advice[Reason.SaDiffers].todo)];
}

function isSilence({ reason }: Failure): boolean {
  return reason === Reason.PeerUnreachable || reason === Reason.NegotiationFailed;
}

/** An IKE SA that is being tried, or is up; `refused` where the peer said no meanwhile. */
function attemptOf(root: ConnectionActor): Promise<IkeSa | "refused" | undefined> {
  const snapshots = from(root);
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

/** What no answer means, by how far the exchange has come. */
function silent(attempt: IkeSa | undefined, pings: boolean): Finding {
  const there = pings ? "it answers to ping, so it is there" : "it does not answer to ping either";
  const isAuth = attempt?.tasks.some((task) => task.startsWith("IKE_AUTH")) === true;
  const isInit = attempt?.tasks.some((task) => task.startsWith("IKE_INIT")) === true;
  if (isAuth && !isInit)
    return problem(
      "IKE SA",
      "the peer answers on UDP 500, and not to IKE_AUTH, which goes to UDP 4500",
      "let UDP 4500 pass both ways; or the peer drops what it does not like without a word",
    );
  return problem(
    "IKE SA",
    `the peer does not answer to IKE_SA_INIT on UDP 500; ${there}`,
    "is remoteAddr the peer's address? let UDP 500 and 4500 pass both ways",
  );
}
