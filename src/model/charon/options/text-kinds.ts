import { parseAddress } from "../../net/address.ts";
import { parsePrefix } from "../../net/prefix.ts";
import { everyVersion } from "../proposals/charon-version.ts";
import { checkProposal, type ProposalProtocol } from "../proposals/proposal.ts";
import { proposalProblem, proposalWarning } from "../proposals/proposal-problem.ts";
import { afterNumber } from "./number-kinds.ts";
import { ifPrintable, ifTrue, kindOf, type ValueKind } from "./value-kind.ts";

/** Printable text. */
export const text: ValueKind = kindOf({
  name: "text",
  acceptedBy: () => everyVersion,
  remedy: () => "has characters that charon rejects: use printable ASCII",
});

/** A security label, which may not be empty. */
export const label: ValueKind = kindOf({
  name: "text",
  acceptedBy: (value) => ifTrue(value !== ""),
  remedy: () => "is not a security label: use printable ASCII",
});

/** An address, or the wildcard of a family. Source: strongSwan, `host_create_from_string`. */
export const address: ValueKind = kindOf({
  name: "address",
  acceptedBy: (value) => ifTrue(isAddress(value)),
  remedy: () => "is not an address",
});

/**
 * A network with protocol and port. charon before 6.1.0 shortens a prefix that is too long. Source:
 * strongSwan, vici_config.c, `parse_ts`.
 */
export const selector: ValueKind = kindOf({
  name: "network",
  acceptedBy: (value) => {
    const [, network = ""] = /^([^[]*)(?:\[[\w-]*(?:\/[\w-]*)?\])?$/.exec(value) ?? [];
    const ends = network.split("-");
    const isRange = ends.length === 2 && ends.every(isAddress);
    const [head = "", length] = network.split("/");
    if (isAddress(head) && length !== undefined && parsePrefix(network) === undefined)
      return { before: "6.1.0" };
    return ifTrue(network === "dynamic" || isRange || isAddress(head));
  },
  remedy: () => "is not a network",
});

function isAddress(value: string): boolean {
  return ["%any", "%any4", "%any6"].includes(value) || parseAddress(value) !== undefined;
}

/** A Netfilter mark with a mask. Source: strongSwan, ipsec_types.c, `mark_from_string`. */
export const mark: ValueKind = markWith(/^%unique(?:-dir|(?=\/|$))/i);

/** A mark for packets that IPsec has processed. Source: as above. */
export const newMark: ValueKind = markWith(/^%same(?=\/|$)/i);

function markWith(special: RegExp): ValueKind {
  return kindOf({
    name: "mark",
    acceptedBy: (value) => {
      const word = special.exec(value)?.[0];
      const rest = word === undefined ? afterNumber(value) : value.slice(word.length);
      return ifTrue(rest === "" || (rest.startsWith("/") && afterNumber(rest.slice(1)) === ""));
    },
    remedy: () => "is not a mark",
  });
}

/** An if_id. Source: as above, `if_id_from_string`. */
export const interfaceId: ValueKind = kindOf({
  name: "number",
  acceptedBy: (value) => ifTrue(/^%unique(?:-dir)?$/i.test(value) || afterNumber(value) === ""),
  remedy: () => "is not an if_id",
});

/** How an end authenticates. Source: strongSwan, vici_config.c, `parse_auth`. */
export const authentication: ValueKind = kindOf({
  name: "authentication",
  acceptedBy: (value) => {
    if (value.startsWith("bliss")) return { before: "6.0.0" };
    const isKnown = /^(?:ike:|pubkey|rsa|ecdsa)/.test(value) || /^(?:psk$|xauth|eap)/i.test(value);
    return ifTrue(isKnown);
  },
  remedy: () => "is not a method of authentication",
});

/** A certificate or a public key in DER or PEM, which printable text never is. */
export const certificate: ValueKind = kindOf({
  name: "certificate",
  acceptedBy: () => undefined,
  remedy: () => "is not a certificate",
});

export const ikeProposals = proposals("ike");
export const espProposals = proposals("esp");
export const ahProposals = proposals("ah");

function proposals(protocol: ProposalProtocol): ValueKind {
  return {
    name: `${protocol.toUpperCase()} proposals`,
    acceptedBy: ifPrintable((value) => {
      const verdict = checkProposal(protocol, value);
      return verdict.ok ? verdict.versions : undefined;
    }),
    problem: (value) => proposalProblem(protocol, value),
    warning: proposalWarning,
    otherwise: "does not offer the proposals that it does not know, and one at least has to remain",
  };
}
