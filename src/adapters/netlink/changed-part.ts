import { Rtm } from "../linux/constants.ts";
import type { MonitorEvent } from "./monitor.ts";

/** The part of a namespace whose change an event of the routing protocol reports. */
export function changedPart(event: MonitorEvent) {
  if (event.lost) return "namespace";
  switch (event.message.type) {
    case Rtm.newLink:
    case Rtm.delLink:
      return "links";
    case Rtm.newAddr:
    case Rtm.delAddr:
      return "addresses";
    case Rtm.newRoute:
    case Rtm.delRoute:
      return "routes";
    case Rtm.newNeigh:
    case Rtm.delNeigh:
      return "neighbours";
    default:
      return "namespace";
  }
}
