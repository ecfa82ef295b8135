import type { Connection } from "../api/connection.ts";
import { childKeyOf } from "../api/selector-sets.ts";
import { failure, Reason, type Failure } from "../status/failure.ts";
import { messageFromConnection, type ViciMessage } from "./vici-message.ts";
import { unsupportedKeyword, type CharonAlgorithms } from "./proposals/charon-algorithms.ts";
import type { ProposalProtocol } from "./proposals/proposal.ts";

/** A connection as a charon can load it. */
export interface ConnectionOffer {
  /** The message of `load-conn`, without the proposals that this charon cannot use. */
  readonly message: Record<string, ViciMessage>;
  /** Words about the proposals that are left out; undefined if there are none. */
  readonly omitted: string | undefined;
}

type OfferResult =
  | { readonly ok: true; readonly offer: ConnectionOffer }
  | { readonly ok: false; readonly failure: Failure };

const protocols: Readonly<Record<string, ProposalProtocol>> = {
  proposals: "ike",
  esp_proposals: "esp",
  ah_proposals: "ah",
};

/**
 * The offer that a charon with these algorithms can make for a connection, or the failure if it
 * cannot use any proposal of a list. A charon that loaded such a list would refuse the connection,
 * or fail each time it negotiates.
 *
 * @param algorithms undefined if they are not known; nothing is left out then
 */
export function offerFor(
  connection: Connection,
  algorithms: CharonAlgorithms | undefined,
): OfferResult {
  const message = messageFromConnection(connection);
  const section = message[connection.name];
  if (algorithms === undefined || section === undefined)
    return { ok: true, offer: { message, omitted: undefined } };
  const parts = new Parts(algorithms);
  const children = Object.entries((section["children"] ?? {}) as ViciMessage).map(
    ([name, child]) => {
      // The selector sets of a child have the same proposals.
      const owner = `child ${childKeyOf(name)}`;
      return [name, parts.supported(owner, child as ViciMessage)] as const;
    },
  );
  const supported = {
    ...parts.supported("the connection", section),
    children: Object.fromEntries(children),
  };
  if (parts.refusal !== undefined)
    return { ok: false, failure: failure(Reason.AlgorithmUnsupported, parts.refusal) };
  const isChanged = parts.omitted !== undefined;
  const offered = isChanged ? { ...message, [connection.name]: supported } : message;
  return { ok: true, offer: { message: offered, omitted: parts.omitted } };
}

/** Removes proposals from the sections of a connection. */
class Parts {
  readonly #algorithms: CharonAlgorithms;
  readonly #omitted = new Set<string>();
  readonly #refusals = new Set<string>();

  constructor(algorithms: CharonAlgorithms) {
    this.#algorithms = algorithms;
  }

  get omitted(): string | undefined {
    if (this.#omitted.size === 0) return undefined;
    return `charon ${this.#algorithms.version} does not offer ${[...this.#omitted].join(" and ")}`;
  }

  get refusal(): string | undefined {
    return this.#refusals.size === 0 ? undefined : [...this.#refusals].join("; ");
  }

  supported(owner: string, section: ViciMessage): ViciMessage {
    const lists = Object.entries(protocols).flatMap(([option, protocol]) => {
      const proposals = section[option];
      if (!Array.isArray(proposals)) return [];
      return [[option, this.#supported(`${option} of ${owner}`, protocol, proposals)] as const];
    });
    return { ...section, ...Object.fromEntries(lists) };
  }

  #supported(where: string, protocol: ProposalProtocol, proposals: string[]): string[] {
    const faults = proposals.map((proposal) =>
      unsupportedKeyword(protocol, proposal, this.#algorithms),
    );
    const kept = proposals.filter((_, i) => faults[i] === undefined);
    if (kept.length === 0 && proposals.length > 0) {
      const missing = [...new Set(faults)].join(", ");
      const { version } = this.#algorithms;
      this.#refusals.add(`charon ${version} has no ${missing}, so it cannot use ${where}`);
      return kept;
    }
    for (const [i, fault] of faults.entries())
      if (fault !== undefined) this.#omitted.add(`"${proposals[i]}", since it has no ${fault}`);
    return kept;
  }
}
