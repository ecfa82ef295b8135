import { own } from "../../value/own.ts";
import { ifTrue, kindOf, type ValueKind } from "./value-kind.ts";

/** An action of a child: install a trap policy, initiate, both or neither. */
export interface ChildAction {
  readonly trap: boolean;
  readonly start: boolean;
}

const nothing: ChildAction = { trap: false, start: false };
const trap: ChildAction = { trap: true, start: false };
const start: ChildAction = { trap: false, start: true };

/** charon's flags, which `|` combines. */
const flags: Readonly<Record<string, ChildAction>> = { none: nothing, trap, start };
const synonyms: Readonly<Record<string, ChildAction>> = {
  clear: nothing,
  route: trap,
  restart: start,
};

/** The words of ipsec.conf that charon does not know. */
const foreign: Readonly<Record<string, string>> = {
  add: "none",
  ignore: "none",
  hold: "trap",
  ondemand: "trap",
};

/**
 * Parses an action; undefined if charon rejects it. Source: strongSwan,
 * src/libcharon/plugins/vici/vici_config.c, `parse_action`.
 */
export function parseAction(text: string): ChildAction | undefined {
  const synonym = own(synonyms, text.toLowerCase());
  if (synonym !== undefined) return synonym;
  const words = text
    .toLowerCase()
    .split("|")
    .map((word) => word.trim())
    .filter((word) => word !== "");
  const actions = words.map((word) => own(flags, word));
  if (actions.includes(undefined)) return undefined;
  return {
    trap: actions.some((one) => one?.trap === true),
    start: actions.some((one) => one?.start === true),
  };
}

/** The action on start, on the end of an SA or on a peer that does not answer. */
export const action: ValueKind = kindOf({
  name: "`none`, `trap`, `start` or `trap|start`; also `clear`, `route`, `restart`",
  acceptedBy: (text) => ifTrue(parseAction(text) !== undefined),
  isPlain: (text) => /\w/.test(text),
  remedy: (text) =>
    `is not allowed: use ${own(foreign, text.toLowerCase()) ?? "none, trap, start or trap|start"}`,
});
