import type { Family } from "../../model/net/address.ts";
import { familyNumber, Fra, Nl, Rtm } from "../linux/constants.ts";
import type { Request } from "./socket.ts";

const headerBytes = 12; // struct fib_rule_hdr

/** A rule that has the packets from a device routed by another table than the main one. */
export interface PolicyRule {
  readonly family: Family;
  /** The device from which the packets come. */
  readonly device: string;
  /** Below 256. */
  readonly table: number;
  /** Rules with a lower number come first; the main table has 32766. */
  readonly priority: number;
}

/** Adds a rule; one that exists is not an error. */
export function addPolicyRule(rule: PolicyRule): Request {
  return request("add", Rtm.newRule, Nl.create | Nl.excl, rule, ["EEXIST"]);
}

/** Deletes a rule; one that does not exist is not an error. */
export function deletePolicyRule(rule: PolicyRule): Request {
  return request("delete", Rtm.delRule, 0, rule, ["ENOENT"]);
}

function request(
  verb: string,
  type: number,
  flags: number,
  { family, device, table, priority }: PolicyRule,
  tolerate: string[],
): Request {
  return {
    op: `${verb} rule ${priority} for IPv${family} from ${device}`,
    tolerate,
    write: (writer) => {
      writer
        .begin(type, flags, headerBytes)
        .u8(0, familyNumber(family))
        .u8(4, table)
        .u8(7, Fra.toTable);
      writer.attributeU32(Fra.priority, priority);
      writer.attributeText(Fra.iifname, device);
    },
  };
}
