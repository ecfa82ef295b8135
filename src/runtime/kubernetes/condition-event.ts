import type { ObjectEvent } from "../../adapters/kubernetes/events.ts";
import type { Condition } from "../../model/status/condition.ts";
import type { ConditionType } from "../../model/status/condition-types.ts";
import { Reason } from "../../model/status/failure.ts";

/** The event for a change of a condition. */
export type ConditionEvent = Omit<ObjectEvent, "regarding">;

/** The conditions whose changes are events. */
const reported: readonly ConditionType[] = ["Ready", "Reachable"];

/** The events for changes between two lists of conditions that matter to a person. */
export function conditionEvents(
  before: readonly Condition[],
  after: readonly Condition[],
): ConditionEvent[] {
  const was = (type: ConditionType) => before.find((one) => one.type === type);
  const is = (type: ConditionType) => after.find((one) => one.type === type);
  const events = [
    ...reported.map((type) => changed(was(type), is(type))),
    secured(was("Redundant"), is("Redundant")),
    appearing(was("Traffic"), is("Traffic"), received),
    appearing(was("Differs"), is("Differs"), asDeclared),
    appearing(was("RekeyRefused"), is("RekeyRefused"), replaced),
    appearing(was("NearLimit"), is("NearLimit"), belowLimit),
  ];
  return events.filter((event) => event !== undefined);
}

function changed(
  was: Condition | undefined,
  is: Condition | undefined,
): ConditionEvent | undefined {
  if (is === undefined || isSame(was, is)) return undefined;
  const { status, reason, message: note } = is;
  if (status === "True") return { type: "Normal", reason, action: "Connected", note };
  // A connection that comes up for the first time passes through states that need no action.
  if (reason === Reason.InProgress) return undefined;
  return { type: "Warning", reason, action: "Connecting", note };
}

/** A standby that comes up for the first time, and one that was never tested, cause no event. */
function secured(
  was: Condition | undefined,
  is: Condition | undefined,
): ConditionEvent | undefined {
  if (was === undefined || is === undefined || was.status === is.status) return undefined;
  const { status, reason, message: note } = is;
  if (status === "Unknown") return undefined;
  return { type: status === "True" ? "Normal" : "Warning", reason, action: "StandingBy", note };
}

/** The event after a condition that was present only while something was wrong. */
type EndEvent = Pick<ConditionEvent, "reason" | "action" | "note">;

const asDeclared: EndEvent = {
  reason: "AsDeclared",
  action: "Comparing",
  note: "SAs that carry traffic, and the configuration of charon, are as declared",
};

const replaced: EndEvent = {
  reason: "SaReplaced",
  action: "Rekeying",
  note: "no SA remains that the peer did not rekey",
};

const received: EndEvent = {
  reason: "NoDoubt",
  action: "Counting",
  note: "no child that is up sends packets without receiving any",
};

const belowLimit: EndEvent = {
  reason: "BelowLimit",
  action: "Tracking",
  note: "every gateway can track many further connections",
};

function appearing(
  was: Condition | undefined,
  is: Condition | undefined,
  end: EndEvent,
): ConditionEvent | undefined {
  if (isSame(was, is)) return undefined;
  if (is === undefined) return { type: "Normal", ...end };
  return { type: "Warning", reason: is.reason, action: end.action, note: is.message };
}

function isSame(was: Condition | undefined, is: Condition | undefined): boolean {
  return was?.status === is?.status && was?.reason === is?.reason;
}
