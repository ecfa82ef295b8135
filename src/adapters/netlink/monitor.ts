import { closeSync } from "node:fs";
import { Observable } from "rxjs";
import { Protocol, Rtm, Sock } from "../linux/constants.ts";
import { NetlinkError } from "../linux/errors.ts";
import { checked, errno, libc } from "../linux/libc.ts";
import type { Poller } from "../linux/poller.ts";
import { messagesIn, type NetlinkMessage } from "./reader.ts";
import { openNetlink, setOption } from "./socket.ts";

/** What a monitor tells: a message, or that some were lost and everything is to be read again. */
export type MonitorEvent =
  | { readonly lost: false; readonly message: NetlinkMessage }
  | { readonly lost: true };

/** Links, addresses, routes, neighbours and FDB entries. */
export const networkGroups = [
  Rtm.groupLink,
  Rtm.groupNeigh,
  Rtm.groupIpv4Addr,
  Rtm.groupIpv4Route,
  Rtm.groupIpv6Addr,
  Rtm.groupIpv6Route,
];

/** Tables, chains, rules and set elements of nftables (nfnetlink.h: NFNLGRP_NFTABLES). */
export const filterGroups = [7];

const receiveBytes = 64 * 1024;

/** The changes that the kernel reports in a namespace. It never completes by itself. */
export function monitor(
  poller: Poller,
  namespace: string | undefined,
  groups: readonly number[] = networkGroups,
  protocol: number = Protocol.route,
): Observable<MonitorEvent> {
  return new Observable((subscriber) => {
    using opened = new DisposableStack();
    const fd = opened.adopt(openNetlink(namespace, protocol, Sock.nonblock), closeSync);
    const input = Buffer.allocUnsafe(receiveBytes);
    // A socket without a port number is left out of every broadcast.
    checked("bind", libc.bind(fd, anyPort, anyPort.length));
    for (const group of groups) join(fd, group);
    const receive = () => {
      const size = libc.recv(fd, input, input.length, 0);
      if (size < 0) {
        const error = new NetlinkError("monitor", errno());
        if (error.code === "ENOBUFS") subscriber.next({ lost: true });
        else if (error.code !== "EAGAIN" && error.code !== "EINTR") subscriber.error(error);
        return;
      }
      const chunk = Buffer.from(input.subarray(0, size));
      for (const message of messagesIn(chunk)) subscriber.next({ lost: false, message });
    };
    opened.defer(poller.watch(fd, receive, (error) => subscriber.error(error)));
    const owned = opened.move();
    return () => owned.dispose();
  });
}

// struct sockaddr_nl with nl_pid 0: the kernel chooses.
const anyPort = Buffer.alloc(12);
anyPort.writeUInt16LE(Sock.afNetlink);

function join(fd: number, group: number): void {
  const value = Buffer.alloc(4);
  value.writeUInt32LE(group);
  setOption(fd, Sock.solNetlink, Sock.addMembership, value);
}
