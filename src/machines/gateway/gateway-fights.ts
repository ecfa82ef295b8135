import type { GatewayContext, KernelPart } from "./gateway-types.ts";
import { isLooping, noRecurrence, type Recurrence } from "../common/recurrence.ts";

type Fighting = Pick<GatewayContext, "recurrences" | "wokenBy">;

const foreign = "another program changes the gateway's ";

/** The cause of repairs after interference; each part of the namespace has its own. */
export function changedByOthers(part: KernelPart): string {
  return `${foreign}${part}`;
}

/** Whether a recurrence counts repairs after interference. */
export function isFight({ cause }: Recurrence): boolean {
  return cause.startsWith(foreign);
}

/** The recurrences of the parts whose change caused the present or the last pass. */
export function fights({ recurrences, wokenBy }: Fighting): readonly Recurrence[] {
  const causes = new Set(wokenBy.map(changedByOthers));
  return recurrences.filter(({ cause }) => causes.has(cause));
}

/** Whether every changed part was repaired so often that the next repair has to wait. */
export function isContested(context: Fighting): boolean {
  const { wokenBy } = context;
  return wokenBy.length > 0 && wokenBy.every((part) => !isFresh(context, part));
}

/** Whether the next repair of a part need not wait. */
export function isFresh({ recurrences }: Fighting, part: KernelPart): boolean {
  const cause = changedByOthers(part);
  return !recurrences.some((known) => known.cause === cause && isLooping(known));
}

/** The recurrence that decides the pause: that of the interference, or the latest. */
export function pausingRecurrence(context: Fighting): Recurrence {
  const fought = fights(context).toSorted((a, b) => b.times - a.times);
  return fought[0] ?? context.recurrences.at(-1) ?? noRecurrence;
}
