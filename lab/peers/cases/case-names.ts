/** The cases that every peer takes part in, in their order, with the words of the matrix. */
export const caseNames = {
  "node-initiates": "ipman initiates; pings pass both ways",
  // Before the rekeys: charon waits for up to 15 s while a CHILD SA that was rekeyed still ends.
  "node-reauthenticates": "ipman's charon reauthenticates the IKE SA: one IKE SA, one CHILD SA",
  "node-rekeys-child": "ipman rekeys the CHILD SA, without a lost ping",
  "node-rekeys-ike": "ipman's charon rekeys the IKE SA, without a lost ping",
  "peer-rekeys-child": "the peer rekeys the CHILD SA, without a lost ping",
  "peer-rekeys-ike": "the peer rekeys the IKE SA, without a lost ping",
  "peer-reauthenticates": "the peer reauthenticates the IKE SA: one IKE SA, one CHILD SA",
  "both-reauthenticate":
    "both reauthenticate at the same times, every 4 s: never more than 6 IKE SAs, and ipman ends all but one",
  "peer-deletes-child": "the peer deletes the CHILD SA: it is back",
  "peer-deletes-ike": "the peer deletes the IKE SA: it is back",
  "peer-restarts": "the peer is killed and starts again",
  "peer-restarts-first": "the peer is killed, starts again and initiates: one IKE SA, one CHILD SA",
  "peer-hangs": "the peer hangs and continues; meanwhile `PeerUnreachable`",
  "peer-initiates": "the peer initiates; pings pass both ways",
  "both-initiate": "both initiate at once: one IKE SA, one CHILD SA, without a lost ping",
  "peer-repeats":
    "the peer initiates again while the tunnel is up: one CHILD SA, without a lost ping",
  "wrong-key": "another pre-shared key: `AuthenticationFailed`",
  "wrong-identity": "another identity: `AuthenticationFailed`",
  "no-ike-proposal": "no common IKE proposal: `NoProposalChosen`",
  "no-esp-proposal": "no common ESP proposal: `NoProposalChosen`",
  "networks-refused": "other networks: `TrafficSelectorsRefused`",
  "pfs-differs": "PFS at one end: `ipman rekey` names it, and traffic continues",
  "esp-gcm": "AES-GCM in ESP",
  "esp-sha256": "AES-CBC and HMAC-SHA-256 in ESP",
  "two-networks": "two networks in one CHILD SA",
  nat: "NAT on the path",
  "small-mtu": "an MTU of 1280 on the path: packets of the tunnel's MTU pass",
  ipv6: "IPv6 in IPv6",
} as const;

export type CaseName = keyof typeof caseNames;
