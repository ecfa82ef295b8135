/** Numbers of the kernel's interface. Source: Linux 6.1, include/uapi/linux. */

/** asm-generic/socket.h, bits/socket.h, netlink.h */
export const Sock = {
  afInet: 2,
  afInet6: 10,
  afBridge: 7,
  afUnix: 1,
  afNetlink: 16,
  stream: 1,
  raw: 3,
  cloexec: 0o2000000,
  nonblock: 0o4000,
  solSocket: 1,
  soPeercred: 17,
  soRcvbuf: 8,
  soRcvtimeo: 20,
  soRcvbufforce: 33,
  solNetlink: 270,
  addMembership: 1,
  capAck: 10,
  extAck: 11,
  getStrictChk: 12,
  msgDontwait: 0x40,
} as const;

/** netlink.h: protocols. */
export const Protocol = { route: 0, xfrm: 6, netfilter: 12 } as const;

/** netlink.h: message types, flags and extended acknowledgements. */
export const Nl = {
  noop: 1,
  error: 2,
  done: 3,
  request: 0x1,
  ack: 0x4,
  dumpInterrupted: 0x10,
  replace: 0x100,
  excl: 0x200,
  create: 0x400,
  dump: 0x300,
  capped: 0x100,
  ackTlvs: 0x200,
  attrMessage: 1,
  nested: 0x8000,
  typeMask: 0x3fff,
} as const;

/** rtnetlink.h: message types, multicast groups, attributes. */
export const Rtm = {
  newLink: 16,
  delLink: 17,
  getLink: 18,
  setLink: 19,
  newAddr: 20,
  delAddr: 21,
  getAddr: 22,
  newRoute: 24,
  delRoute: 25,
  getRoute: 26,
  newRule: 32,
  delRule: 33,
  newNeigh: 28,
  delNeigh: 29,
  getNeigh: 30,
  groupLink: 1,
  groupNeigh: 3,
  groupIpv4Addr: 5,
  groupIpv4Route: 7,
  groupIpv6Addr: 9,
  groupIpv6Route: 11,
} as const;

/** if_link.h */
export const Ifla = {
  address: 1,
  ifname: 3,
  mtu: 4,
  link: 5,
  master: 10,
  txQueueLength: 13,
  linkInfo: 18,
  alias: 20,
  netNsPid: 19,
  netNsFd: 28,
  stats64: 23,
  extMask: 29,
  infoKind: 1,
  infoData: 2,
  vethPeer: 1,
  xfrmLink: 1,
  xfrmIfId: 2,
  vxlanId: 1,
  vxlanLink: 3,
  vxlanLocal: 4,
  vxlanLearning: 7,
  vxlanAgeing: 8,
  vxlanLimit: 9,
  vxlanPort: 15,
  vxlanLocal6: 17,
  afSpec: 26,
  inet6AddrGenMode: 8,
} as const;

/** if.h, if_addr.h, rtnetlink.h, neighbour.h */
export const iffUp = 1;
export const iffNoArp = 0x80;
export const Ifa = {
  address: 1,
  local: 2,
  flags: 8,
  /** Since Linux 5.18, which earlier kernels ignore. */
  origin: 11,
  nodad: 0x02,
  noprefixroute: 0x200,
} as const;
export const Rta = {
  dst: 1,
  oif: 4,
  gateway: 5,
  priority: 6,
  prefsrc: 7,
  table: 15,
  onlink: 4,
  tableMain: 254,
  scopeUniverse: 0,
  scopeLink: 253,
  unicast: 1,
} as const;
/** fib_rules.h */
export const Fra = { iifname: 3, priority: 6, toTable: 1 } as const;
export const Nda = {
  dst: 1,
  lladdr: 2,
  ifindex: 8,
  self: 0x02,
  extLearned: 0x10,
  reachable: 0x02,
  failed: 0x20,
  permanent: 0x80,
} as const;

/** if_link.h: the kernel generates no IPv6 address for the device. */
export const addrGenModeNone = 1;

/** An age in seconds that no VXLAN entry reaches; 0 would select the kernel's default of 300. */
export const ageless = 0xffff_ffff;

/** The origin that marks ipman's routes (rtm_protocol; rtnetlink.h reserves 5 to 255 for programs). */
export const routeOrigin = 0x69;

/** The same for addresses of the node (ifa_proto; the kernel uses the numbers up to 3). */
export const addressOrigin = 0x69;

/** The kernel's number for an address family. */
export function familyNumber(family: 4 | 6): number {
  return family === 4 ? Sock.afInet : Sock.afInet6;
}
