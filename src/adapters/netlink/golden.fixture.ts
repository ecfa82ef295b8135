import { replaceFdb, neighbourFrom } from "./neighbours.ts";
import { addXfrmLink, deleteLink } from "./link-requests.ts";
import { linkFrom } from "./links.ts";
import { replaceRoute, routeFrom } from "./routes.ts";
import { addAddress, addressFrom } from "./addresses.ts";
import type { Request } from "./socket.ts";

/** A request, its bytes by the kernel's headers, and the value that its body is read as. */
export interface Golden {
  readonly name: string;
  readonly request: Request;
  readonly bytes: Buffer;
  readonly read: (body: Buffer) => unknown;
  readonly value: unknown;
}

/** Parses annotated bytes: everything after `#` is a comment. */
function annotated(text: string): Buffer {
  return Buffer.from(text.replace(/#.*/g, "").replace(/\s+/g, ""), "hex");
}

const v4 = (value: bigint) => ({ family: 4, value }) as const;
const network = { address: v4(0x0a01_0000n), length: 16 };
const vtep = { linkIndex: 3, address: v4(0xc612_0001n), mac: "02:00:00:00:00:03", moves: false };

/** Sequence number 7 throughout. Source: linux/netlink.h, rtnetlink.h, if_link.h, neighbour.h. */
export const golden: readonly Golden[] = [
  {
    name: "a link that is deleted",
    request: deleteLink({ index: 5, name: "x" }),
    bytes: annotated(`
      20000000 1100 0100 07000000 00000000 # 32 bytes, RTM_DELLINK, NLM_F_REQUEST
      00 00 0000 05000000 00000000 00000000 # ifinfomsg: index 5
    `),
    read: (body) => linkFrom(body)?.index,
    value: 5,
  },
  {
    name: "a new xfrm interface",
    request: addXfrmLink("x", 102, 1400, 0),
    bytes: annotated(`
      4c000000 1000 0106 07000000 00000000 # 76 bytes, RTM_NEWLINK, REQUEST | EXCL | CREATE
      00 00 0000 00000000 00000000 00000000 # ifinfomsg
      0600 0300 7800 0000                   # IFLA_IFNAME "x"
      0800 0400 78050000                    # IFLA_MTU 1400
      1c00 1280                             # IFLA_LINKINFO, nested
        0900 0100 7866726d00 000000         #   IFLA_INFO_KIND "xfrm"
        0c00 0280                           #   IFLA_INFO_DATA, nested
          0800 0200 66000000                #     IFLA_XFRM_IF_ID 102
    `),
    read: (body) => {
      const { name, mtu, kind, xfrm } = linkFrom(body) ?? {};
      return { name, mtu, kind, xfrm };
    },
    value: { name: "x", mtu: 1400, kind: "xfrm", xfrm: { ifId: 102, underlying: 0 } },
  },
  {
    name: "a route by a device",
    request: replaceRoute({ linkIndex: 3, destination: network }),
    bytes: annotated(`
      2c000000 1800 0105 07000000 00000000 # 44 bytes, RTM_NEWROUTE, REQUEST | REPLACE | CREATE
      02 10 00 00 fe 69 fd 01 00000000      # rtmsg: AF_INET, /16, main, ipman's origin, link, unicast
      0800 0100 0a010000                    # RTA_DST 10.1.0.0
      0800 0400 03000000                    # RTA_OIF 3
    `),
    read: routeFrom,
    value: {
      linkIndex: 3,
      destination: network,
      gateway: undefined,
      source: undefined,
      origin: 0x69,
    },
  },
  {
    name: "a permanent FDB entry",
    request: replaceFdb(vtep),
    bytes: annotated(`
      30000000 1c00 0105 07000000 00000000 # 48 bytes, RTM_NEWNEIGH, REQUEST | REPLACE | CREATE
      07 00 0000 03000000 8000 02 00        # ndmsg: AF_BRIDGE, index 3, NUD_PERMANENT, NTF_SELF
      0800 0100 c6120001                    # NDA_DST 198.18.0.1
      0a00 0200 020000000003 0000           # NDA_LLADDR
    `),
    read: neighbourFrom,
    value: vtep,
  },
  {
    name: "an FDB entry whose VTEP the device may learn",
    request: replaceFdb({ ...vtep, moves: true }),
    bytes: annotated(`
      30000000 1c00 0105 07000000 00000000 # 48 bytes, RTM_NEWNEIGH, REQUEST | REPLACE | CREATE
      07 00 0000 03000000 0200 12 00        # NUD_REACHABLE, NTF_SELF | NTF_EXT_LEARNED
      0800 0100 c6120001                    # NDA_DST 198.18.0.1
      0a00 0200 020000000003 0000           # NDA_LLADDR
    `),
    read: neighbourFrom,
    value: { ...vtep, moves: true },
  },
  {
    name: "an address without its route",
    request: addAddress(4, { address: v4(0x0a00_0201n), length: 24 }),
    bytes: annotated(`
      30000000 1400 0105 07000000 00000000 # 48 bytes, RTM_NEWADDR, REQUEST | REPLACE | CREATE
      02 18 00 00 04000000                  # ifaddrmsg: AF_INET, /24, index 4
      0800 0200 0a000201                    # IFA_LOCAL 10.0.2.1
      0800 0100 0a000201                    # IFA_ADDRESS
      0800 0800 02020000                    # IFA_FLAGS NOPREFIXROUTE | NODAD
    `),
    read: addressFrom,
    value: { linkIndex: 4, prefix: { address: v4(0x0a00_0201n), length: 24 }, scope: 0 },
  },
];
