import type { NotifyName } from "../codec/numbers.ts";
import type { Payload } from "../codec/payload.ts";
import { rekeyedKeys, type Contributions, type IkeKeys } from "../keys/ike-keys.ts";
import { KeyExchange } from "../keys/key-exchange.ts";
import type { Habits } from "./habits.ts";
import { faultOf, keyExchangeOf, newContribution, openingParts } from "./opening.ts";
import { chosenProposal, isInIkeSuite } from "./suite.ts";

/** The answer to the rekey of an IKE SA, and the keys of its successor. */
export interface RekeyAnswer {
  readonly payloads: readonly Payload[];
  readonly both: Contributions;
  readonly keys: IkeKeys;
}

/** Answers the rekey of an IKE SA, or names the notify that refuses it; undefined for silence. */
export function answerRekey(
  request: readonly Payload[],
  { refuses }: Habits,
  before: IkeKeys,
): RekeyAnswer | NotifyName | undefined {
  const { proposals, group, value, nonce } = openingParts(request);
  const responder = newContribution();
  const proposal = chosenProposal(proposals, isInIkeSuite, Buffer.from(responder.spi, "hex"));
  const refusal = refuses?.ikeRekey ?? faultOf(proposal, group);
  if (refusal === "silence") return undefined;
  if (refusal !== undefined || proposal === undefined) return refusal ?? "NO_PROPOSAL_CHOSEN";
  const offered = proposals.find(({ number }) => number === proposal.number);
  const initiator = { spi: offered?.spi.toString("hex") ?? "", nonce };
  const keyExchange = new KeyExchange();
  const both = { initiator, responder };
  return {
    both,
    keys: rekeyedKeys(before, keyExchange.shared(value), both),
    payloads: [
      { kind: "sa", proposals: [proposal] },
      { kind: "nonce", data: responder.nonce },
      keyExchangeOf(keyExchange),
    ],
  };
}
