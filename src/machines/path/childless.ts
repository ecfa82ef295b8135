import { Reason, type Failure } from "../../model/status/failure.ts";

/** Whether a standby lacks its IKE SA only since its peer answers, and keeps none without a CHILD SA. */
export function lacksChildAlone(known: Failure | undefined): boolean {
  return known?.reason === Reason.StandbyRefused || known?.reason === Reason.LoopDetected;
}
