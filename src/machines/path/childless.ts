import { Reason, type Failure } from "../../model/status/failure.ts";
import { loopFailure, type Recurrence } from "../common/recurrence.ts";

/** The return of a standby whose peer makes an IKE SA without a CHILD SA, and then ends it. */
export const endedIke: Pick<Recurrence, "state" | "cause"> = {
  state: "dialling",
  cause: "the IKE SA of the path, which stands by, ends",
};

const endsEachIke = loopFailure({ ...endedIke, times: 0 });

/** The failure of a standby that pauses before it is dialled again. */
export function standbyLoop(recurrence: Recurrence): Failure {
  return recurrence.state === endedIke.state ? endsEachIke : loopFailure(recurrence);
}

/** Whether a standby lacks its IKE SA only since its peer answers, and keeps none without a CHILD SA. */
export function lacksChildAlone(known: Failure | undefined): boolean {
  return known?.reason === Reason.StandbyRefused || known === endsEachIke;
}
