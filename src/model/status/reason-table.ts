import { pathReasons } from "./path-reasons.ts";
import type { ReasonEntry } from "./reason-entry.ts";

/** Every reason with its documentation, in the order of cause and effect. */
export const reasonTable = {
  SpecInvalid: {
    explanation: "the manifest has errors; the last valid version stays in effect",
    remedy: "run `ipman validate FILE` and correct each field that it names",
    retryable: false,
  },
  InProgress: {
    explanation: "ipman is still working on it; the other conditions show the progress",
    remedy: "wait",
    retryable: true,
  },
  GroupMissing: {
    explanation: "the CharonGroup that the connection names does not exist",
    remedy: "create it, or change `groupRef`",
    retryable: true,
  },
  NodeOccupied: {
    explanation:
      "the node's network has the charon of another group, which was declared first; a second charon could not bind UDP 500 and 4500",
    remedy: "follow the message: change `groupRef`, set `hostNetwork: false` or use another node",
    retryable: false,
  },
  PodsUnavailable: {
    explanation: "the pod of charon or of its agent does not run; the message quotes the cluster",
    remedy: "fix what the message names, most often the node or an image",
    retryable: true,
  },
  FloatingAddressUnavailable: {
    explanation:
      "the node of the active path cannot have the floating address: another program gave it to the node, or no interface is in its network",
    remedy:
      "follow the message: remove the address from the node, set `failover.floatingInterface`, or use another address",
    retryable: true,
  },
  FrontendPending: {
    explanation: "the Service in front of charon has no address yet",
    remedy: "wait; if it lasts, read the Service's events: a controller has to provide the address",
    retryable: true,
  },
  FrontendRefused: {
    explanation: "the API server refuses the Service in front of charon; the message quotes it",
    remedy: "correct the fields of the CharonGroup whose names begin with `frontend`",
    retryable: true,
  },
  AgentSilent: {
    explanation:
      "no agent has reported the state of the connection yet, or none has for 30 seconds; of a path: the agents of the other nodes do not hear its agent",
    remedy: "check the condition `Placed`; tunnels that were up stay up without an agent",
    retryable: true,
  },
  SecretMissing: {
    explanation:
      "the Secret or its key does not exist; ipman removes a key from charon that it loaded from there",
    remedy: "create the Secret; established SAs stay up",
    retryable: true,
  },
  SecretInvalid: {
    explanation:
      "the value in the Secret is not a valid key; the message says why and does not show the value",
    remedy: "correct the value; established SAs stay up",
    retryable: false,
  },
  SecretConflict: {
    explanation:
      "another connection of the same charon has a different pre-shared key, and their identities overlap, so that charon could use the key of one for the other; the connection that had its key first keeps it",
    remedy: "use one key for both, or identities that do not overlap; established SAs stay up",
    retryable: false,
  },
  SecretUnreadable: {
    explanation:
      "the Secret cannot be read; in a cluster, most often because its namespace is not in the chart's `secretNamespaces`",
    remedy: "grant ipman access to it; the key that was read before stays in use",
    retryable: true,
  },
  SecretNotPermitted: {
    explanation:
      "the chart's `requireSecretConsent` is true, and the Secret does not permit the connection to use its keys or does not exist; ipman does not reveal which",
    remedy:
      "ask the author of the Secret to add the connection to its annotation `ipman.dialo.ai/keyFor`; established SAs stay up",
    retryable: false,
  },
  CharonUnavailable: {
    explanation: "charon does not answer on its VICI socket",
    remedy: "check that charon runs and that `--vici` names its socket",
    retryable: true,
  },
  GatewayNotReady: {
    explanation: "the network namespace or the devices of the gateway are not ready",
    remedy: "read the message of the child's condition",
    retryable: true,
  },
  ConfigRejected: {
    explanation: "charon rejected the configuration; the message quotes charon",
    remedy: "correct `extra`",
    retryable: false,
  },
  AlgorithmUnsupported: {
    explanation:
      "charon has none of the algorithms that a list of proposals requires, in its version and with its plugins; the message names them, and charon does not get the connection",
    remedy:
      "add a proposal without them, or use a charon that has them: the CharonGroup's `charonImage` chooses between two versions; established SAs stay up",
    retryable: false,
  },
  ConfigurationLost: {
    explanation:
      "another program removed or replaced the connection or its key in charon, as `swanctl --load-all` does; ipman loads it again, and established SAs stay up",
    remedy:
      "keep other programs from loading configuration into this charon: `systemctl reload strongswan` and an upgrade of its package run `swanctl --load-all`, which unloads every connection that is not in `/etc/swanctl`",
    retryable: true,
  },
  AuthenticationFailed: {
    explanation: "one side does not accept the identity or the key of the other",
    remedy: "compare the pre-shared key, `localId` and `remoteId` on both sides",
    retryable: false,
  },
  NoProposalChosen: {
    explanation: "the two sides have no IKE or ESP proposal in common",
    remedy: "compare `proposals` (IKE) and `esp_proposals` (child) on both sides",
    retryable: false,
  },
  TrafficSelectorsRefused: {
    explanation: "the peer does not accept the networks",
    remedy: "compare `local_ips` and `remote_ips` with the peer's, mirrored",
    retryable: false,
  },
  PeerRefused: {
    explanation:
      "the peer does not accept the SA for a reason of its own, such as a limit of children; the message has its notify",
    remedy:
      "ask the administrator of the peer, whose log has the cause; if the message names no notify, compare `local_ips`, `remote_ips` and `esp_proposals` first",
    retryable: false,
  },
  PeerBusy: {
    explanation: "the peer cannot take a request at present; charon repeats it",
    remedy: "wait; if it lasts, `ipman restart CONNECTION` negotiates a new IKE SA",
    retryable: true,
  },
  ProtocolError: {
    explanation:
      "one side could not process a message of the other; the message quotes charon or the peer",
    remedy:
      "compare the `version` of IKE and options such as `fragmentation`, `childless` and `ipcomp` on both sides; the logs of both have the details",
    retryable: true,
  },
  SaRejected: {
    explanation: "both sides agreed on an SA, and the kernel of this node did not install it",
    remedy:
      "use algorithms in `esp_proposals` that the kernel has, and no `hw_offload` that its network device lacks; `ipman logs CONNECTION` shows the kernel's answer",
    retryable: false,
  },
  AddressUnresolved: {
    explanation: "charon cannot resolve the name in `remoteAddr`; it asks again at each attempt",
    remedy:
      "check the name, and that the node of charon can resolve it (`getent hosts NAME` there)",
    retryable: true,
  },
  SinglePairRequired: {
    explanation: "the peer accepts one pair of networks for each CHILD SA",
    remedy:
      "set `selectorMode: perPair`, or leave it out: ipman then makes a CHILD SA for each pair, if there are at most 64",
    retryable: false,
  },
  PeerUnreachable: {
    explanation: "the peer does not answer",
    remedy:
      "check the peer's address and that UDP 500 and 4500 pass both ways; `ipman diagnose` shows which of these fails",
    retryable: true,
  },
  AwaitingPeer: {
    explanation:
      "ipman does not initiate: `remoteAddr` is not a single host, or `start_action` is `none` or `trap`",
    remedy: "bring the tunnel up from the peer's side; `ipman logs` shows the peer's attempts",
    retryable: true,
  },
  PeerClosed: {
    explanation: "the peer or an administrator closed the SA; ipman brings it up again",
    remedy: "nothing, unless it recurs",
    retryable: true,
  },
  NegotiationFailed: {
    explanation: "no SA was established, and neither charon nor the peer gave a reason",
    remedy: "read charon's log, with `ipman run --log debug`",
    retryable: true,
  },
  SaDiffers: {
    explanation:
      "an SA carries traffic but does not match the manifest, in identities or networks; the peer narrowed it, or its replacement had the same difference, and ipman keeps it",
    remedy:
      "the message has both sides: declare what the peer offers, or have the peer's side corrected, then run `ipman restart CONNECTION`",
    retryable: true,
  },
  LoopDetected: {
    explanation:
      "an actor entered one state more than 4 times without 5 quiet minutes in between; attempts now wait up to 2 minutes",
    remedy:
      "the message names the state and the cause: a peer that closes what it accepts, a second program that changes the same gateway, object or configuration of charon, or a charon that restarts. Remove the cause; 5 quiet minutes, a change of the spec or `ipman restart CONNECTION` end the waiting",
    retryable: true,
  },
  RoutesLeftOut: {
    explanation:
      "networks of `remote_ips` or `routes` are not routed into the tunnel: a selector wider than /8, such as 0.0.0.0/0, is not a route by default, and networks of the cluster or the host stay outside of tunnels",
    remedy:
      "declare the networks behind the peer in the child's `routes`, then recreate its pods. A network of the cluster or the host cannot be reached through a tunnel",
    retryable: false,
  },
  RekeyOverdue: {
    explanation: "a rekey did not complete; ipman brings the child up again",
    remedy: "nothing, unless it recurs",
    retryable: true,
  },
  StandbyRefused: {
    explanation: "the peer does not accept an IKE SA without a CHILD SA, which a warm standby has",
    remedy: "set `standby` of the path to cold, or to hot if the peer routes its answers",
    retryable: false,
  },
  LifetimeTooShort: {
    explanation:
      "the peer announces a lifetime of the authentication (RFC 4478) that is not longer than `over_time`, so that charon reauthenticates each IKE SA at once; ipman ended them, and tries again after three minutes",
    remedy:
      "declare an `over_time` in `extra` of the connection that is far shorter than the lifetime in the message, or have the peer's lifetime extended",
    retryable: true,
  },
  RekeyRefused: {
    explanation:
      "the peer does not rekey an SA; the SA carries traffic until its lifetime ends, charon asks again every few seconds, and ipman brings up another SA afterwards, with a gap in the traffic",
    remedy:
      "the message has the peer's reason: compare `esp_proposals` with the peer's, and `proposals` for an IKE SA. The first CHILD SA has no key exchange, so that different groups for PFS show at the first rekey",
    retryable: true,
  },
  ProbeUnanswered: {
    explanation: "the address of the `probe` does not answer; the tunnel may be up nevertheless",
    remedy: "run `ipman diagnose`, which shows how far packets get",
    retryable: true,
  },
  IntegrityMismatch: {
    explanation:
      "ESP packets of the peer arrive, and every one fails the integrity check: the two sides use different keys or lengths of the checksum, so the tunnel carries nothing",
    remedy:
      "follow the message: most often one side truncates SHA-256 to 96 bits and the other to 128 (`sha256_96` in the child's `extra`)",
    retryable: false,
  },
  NothingReceived: {
    explanation:
      "packets leave through the CHILD SA, and none has come back since it came up; `Ready` stays `True`, since traffic may need no answer, such as syslog over UDP",
    remedy:
      "nothing, if no answer is expected; otherwise run `ipman diagnose CONNECTION --ping ADDRESS`, and declare a `probe`",
    retryable: true,
  },
  TrackingNearLimit: {
    explanation:
      "a gateway that translates addresses for Services tracks more than nine tenths of the connections that the kernel can track in a network namespace (`nf_conntrack_max` of the node); at the limit, it drops new connections",
    remedy:
      "find the client that opens so many connections, or raise `net.netfilter.nf_conntrack_max` on the nodes",
    retryable: true,
  },
  ...pathReasons,
  NamespaceTaken: {
    explanation:
      "a network namespace of the host has the name that ipman needs, and ipman did not make it; ipman changes nothing in it and never removes it",
    remedy: "give that namespace another name or remove it; the message names it",
    retryable: true,
  },
  NetworkRejected: {
    explanation: "the kernel rejected a link, an address, a route or a neighbour entry",
    remedy: "read the message, which quotes the kernel",
    retryable: true,
  },
  PacketFilterUnavailable: {
    explanation:
      "libnftables or a part of the kernel's nf_tables is missing; without a packet filter, gateways and workers carry no traffic",
    remedy: "install what the message names; ipman keeps trying",
    retryable: true,
  },
  Internal: { explanation: "a defect in ipman", remedy: "report it", retryable: true },
} as const satisfies Readonly<Record<string, ReasonEntry>>;
