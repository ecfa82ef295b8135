import type { Reason } from "../../src/model/status/reason.ts";
import { childSpec, connectionSpec, psk, sites } from "../sites/manifests.ts";
import type { LabPeer } from "./journal.ts";
import type { Habits } from "./peer/habits.ts";
import type { PeerIdentity } from "./peer/identity.ts";

/** The status that ipman reports of a connection to a peer, once the peer's habits showed. */
export interface ExpectedStatus {
  /** Whether the child carries traffic. */
  readonly isUp: boolean;
  /** The reason of the connection or its child. */
  readonly reason?: Reason | "none";
  readonly message?: RegExp;
}

/** A peer, and the connection to it. */
export interface HabitCase {
  readonly title: string;
  readonly peer: LabPeer;
  readonly connection: ReturnType<typeof connectionSpec>;
  /** Undefined if it changes with the seed. */
  readonly expected: ExpectedStatus | undefined;
  /** Whether SAs are asked for at another pace, which the peer or the manifest decides. */
  readonly hasOwnPace: boolean;
  /** The most SAs that the peer is asked for in the first minute. */
  readonly mostInFirst: number;
}

interface CaseOptions {
  readonly habits: LabPeer["habits"];
  readonly expected?: ExpectedStatus | undefined;
  /** The child has two networks behind the peer, in place of one. */
  readonly hasTwoNetworks?: true;
  readonly identity?: PeerIdentity;
  readonly remoteId?: string;
  /** Options of the connection and of its child. */
  readonly extra?: Readonly<Record<string, string>>;
  readonly childExtra?: Readonly<Record<string, string>>;
  readonly hasOwnPace?: true;
  readonly mostInFirst?: number;
  /** The peer initiates as well. */
  readonly initiates?: true;
}

/** Peers have the addresses 192.168.1.20 and up, and their children the numbers 20 and up. */
const first = 20;

/** Gives each case a peer with an address of its own. */
export function numberedCases(
  options: Readonly<Record<string, CaseOptions>>,
): readonly HabitCase[] {
  return Object.entries(options).map(([title, one], i) => habitCase(title, one, first + i));
}

function habitCase(title: string, options: CaseOptions, n: number): HabitCase {
  const name = `habit-${n}`;
  const address = `192.168.1.${n}`;
  const remoteId = options.remoteId ?? `peer.${name}`;
  const remote_ips = [`10.1.${n}.0/24`, ...(options.hasTwoNetworks ? [`10.2.${n}.0/24`] : [])];
  const extra = { ...childSpec(n).extra, ...options.childExtra };
  const { habits, identity = { text: remoteId } } = options;
  return {
    title,
    peer: {
      name,
      address,
      psk,
      identity,
      habits,
      ...(options.initiates && { initiates: { own: remote_ips, other: [`10.0.${n}.0/24`] } }),
    },
    connection: connectionSpec(name, {
      remoteAddr: address,
      localAddr: sites.node.v4,
      remoteId,
      extra: options.extra ?? {},
      children: { [`child-${n}`]: childSpec(n, { remote_ips, extra }) },
    }),
    expected: options.expected,
    hasOwnPace: options.hasOwnPace ?? false,
    mostInFirst: options.mostInFirst ?? 10,
  };
}

const up = { isUp: true, reason: "none" } as const;
const refuses = (refused: NonNullable<Habits["refuses"]>): Habits => ({ refuses: refused });
/** charon rekeys a CHILD SA, or an IKE SA, within the time of the scenario. */
const childRekey = { rekey_time: "20s", life_time: "10m", rand_time: "0s" };
const ikeRekey = { rekey_time: "20s", over_time: "10m", rand_time: "0s" };

/** The habits of gateways that are not like charon. */
export const habitCases = numberedCases({
  "consents to everything": { habits: {}, expected: up },
  "takes the first of two networks": {
    habits: { narrows: true },
    hasTwoNetworks: true,
    expected: up,
  },
  "requires a single pair of networks": {
    habits: { singlePair: true },
    hasTwoNetworks: true,
    expected: up,
  },
  "announces a lifetime of the authentication": { habits: { authLifetime: 3_600 }, expected: up },
  "announces a lifetime of the authentication below a tenth of charon's": {
    habits: { authLifetime: 600 },
    expected: up,
  },
  "announces a lifetime of the authentication below the over_time of ipman": {
    habits: { authLifetime: 60 },
    // charon makes up to 20 IKE SAs a second until ipman, which is starting beside 38 peers, unloads the
    // connection; a busy machine delays that.
    mostInFirst: 100,
    expected: { isUp: false, reason: "LifetimeTooShort", message: /of 60 s/ },
  },
  "wants a reauthentication every 25 s": {
    habits: { authLifetime: 45 },
    // charon reauthenticates this long before the end.
    extra: { over_time: "20s" },
    hasOwnPace: true,
    expected: { isUp: true },
  },
  "has its identity in other letter case": {
    habits: {},
    remoteId: "Peer.Example",
    identity: { text: "PEER.example" },
    expected: up,
  },
  "has its address as a name": {
    habits: {},
    remoteId: "@203.0.113.7",
    identity: { text: "203.0.113.7", type: "fqdn" },
    expected: up,
  },
  "initiates at the same time": { habits: {}, initiates: true, expected: up },
  "does not answer IKE_SA_INIT": {
    habits: refuses({ ikeSa: "silence" }),
    expected: { isUp: false, reason: "PeerUnreachable" },
  },
  "does not answer IKE_AUTH": {
    habits: refuses({ authentication: "silence" }),
    expected: { isUp: false, reason: "PeerUnreachable" },
  },
  "has no common IKE proposal": {
    habits: refuses({ ikeSa: "NO_PROPOSAL_CHOSEN" }),
    expected: { isUp: false, reason: "NoProposalChosen" },
  },
  "refuses the authentication": {
    habits: refuses({ authentication: "AUTHENTICATION_FAILED" }),
    expected: { isUp: false, reason: "AuthenticationFailed" },
  },
  "refuses the networks": {
    habits: refuses({ firstChild: "TS_UNACCEPTABLE", newChild: "TS_UNACCEPTABLE" }),
    expected: { isUp: false, reason: "TrafficSelectorsRefused" },
  },
  "has no common ESP proposal": {
    habits: refuses({ firstChild: "NO_PROPOSAL_CHOSEN", newChild: "NO_PROPOSAL_CHOSEN" }),
    expected: { isUp: false, reason: "NoProposalChosen" },
  },
  "ends the CHILD SA, and accepts no other one": {
    habits: { ends: "child", ...refuses({ newChild: "NO_ADDITIONAL_SAS" }) },
    expected: { isUp: false, reason: "PeerRefused" },
  },
  "ends the CHILD SA, and refuses PFS in the next": {
    habits: { ends: "child", ...refuses({ newChild: "NO_PROPOSAL_CHOSEN" }) },
    expected: { isUp: false, reason: "NoProposalChosen" },
  },
  "has no proposal for the rekey of a CHILD SA": {
    habits: refuses({ childRekey: "NO_PROPOSAL_CHOSEN" }),
    childExtra: childRekey,
    hasOwnPace: true,
    expected: { isUp: true, reason: "RekeyRefused", message: /rekey the CHILD SA/ },
  },
  "wants another group for the rekey of a CHILD SA": {
    habits: refuses({ childRekey: "INVALID_KE_PAYLOAD" }),
    childExtra: childRekey,
    hasOwnPace: true,
    expected: { isUp: true, reason: "RekeyRefused", message: /rekey the CHILD SA/ },
  },
  "is too busy for the rekey of a CHILD SA": {
    habits: refuses({ childRekey: "TEMPORARY_FAILURE" }),
    childExtra: childRekey,
    hasOwnPace: true,
    expected: { isUp: true },
  },
  "has no room for the rekey of a CHILD SA": {
    habits: refuses({ childRekey: "NO_ADDITIONAL_SAS" }),
    childExtra: childRekey,
    hasOwnPace: true,
    expected: { isUp: true },
  },
  "has no proposal for the rekey of the IKE SA": {
    habits: refuses({ ikeRekey: "NO_PROPOSAL_CHOSEN" }),
    extra: ikeRekey,
    hasOwnPace: true,
    expected: { isUp: true, reason: "RekeyRefused", message: /rekey the IKE SA/ },
  },
  "wants another group for the rekey of the IKE SA": {
    habits: refuses({ ikeRekey: "INVALID_KE_PAYLOAD" }),
    extra: ikeRekey,
    hasOwnPace: true,
    // charon gives up such an IKE SA, and ipman makes another one, until that is a loop.
    expected: undefined,
  },
  "has no room for the rekey of the IKE SA": {
    habits: refuses({ ikeRekey: "NO_ADDITIONAL_SAS" }),
    extra: ikeRekey,
    hasOwnPace: true,
    expected: { isUp: true },
  },
  "ends each CHILD SA": {
    habits: { ends: "child" },
    // An SA that ends before ipman reads of it counts as a failure of the attempt, not for a loop.
    expected: { isUp: false, message: /close|ended the ESP CHILD SA/ },
  },
  "ends each IKE SA": {
    habits: { ends: "ikeSa" },
    expected: { isUp: false, reason: "LoopDetected" },
  },
  "takes the first of two networks, and ends each CHILD SA": {
    habits: { ends: "child", narrows: true },
    hasTwoNetworks: true,
    expected: { isUp: false, message: /close|ended the ESP CHILD SA/ },
  },
  "has its address in another type": {
    habits: {},
    remoteId: "203.0.113.8",
    identity: { text: "203.0.113.8", type: "fqdn" },
    expected: { isUp: false, reason: "AuthenticationFailed", message: /203\.0\.113\.8/ },
  },
  "has no common group": {
    habits: refuses({ ikeSa: "INVALID_KE_PAYLOAD" }),
    expected: { isUp: false, reason: "NoProposalChosen", message: /group/ },
  },
  "is too busy for another CHILD SA": {
    habits: { ends: "child", ...refuses({ newChild: "TEMPORARY_FAILURE" }) },
    // charon repeats the request every 5 to 15 s.
    hasOwnPace: true,
    expected: { isUp: false },
  },
  "is too busy for the authentication": {
    habits: refuses({ authentication: "TEMPORARY_FAILURE" }),
    expected: { isUp: false },
  },
  ...Object.fromEntries(
    [1, 2, 3, 4, 5, 6].map((seed): [string, CaseOptions] => [
      `answers at random, with the seed ${seed}`,
      { habits: { seed }, hasTwoNetworks: true },
    ]),
  ),
});
