import { Observable } from "rxjs";
import { Protocol, Rtm } from "../linux/constants.ts";
import { NetlinkError } from "../linux/errors.ts";
import { linuxNetlink, type RawSocket } from "../linux/netlink-transport.ts";
import type { DescriptorWatcher } from "../linux/poller.ts";
import { messagesIn, type NetlinkMessage } from "./reader.ts";

/** A message that the kernel multicast, or the fact that it dropped some: read everything again. */
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

/** Emits the changes that the kernel reports in a namespace; it does not complete. */
export function monitor(
  poller: DescriptorWatcher,
  namespace: string | undefined,
  groups: readonly number[] = networkGroups,
  protocol: number = Protocol.route,
  transport = linuxNetlink,
): Observable<MonitorEvent> {
  return new Observable((subscriber) => {
    using opened = new DisposableStack();
    const socket = opened.use(transport.subscribe(namespace, protocol, groups));
    const receive = () => {
      const events = nextEvents(socket);
      if (events instanceof NetlinkError) subscriber.error(events);
      else for (const event of events) subscriber.next(event);
    };
    opened.defer(poller.watch(socket.fd, receive, (error) => subscriber.error(error)));
    const owned = opened.move();
    return () => owned.dispose();
  });
}

/** Reads one datagram; empty if there is none after all. */
function nextEvents(socket: RawSocket): readonly MonitorEvent[] | NetlinkError {
  try {
    // Copied, since subscribers may make requests, whose answers arrive in the same memory.
    const datagram = Buffer.from(socket.receive("monitor"));
    return [...messagesIn(datagram)].map((message) => ({ lost: false, message }));
  } catch (error) {
    if (!(error instanceof NetlinkError)) throw error;
    if (error.code === "ENOBUFS") return [{ lost: true }];
    return error.code === "EAGAIN" || error.code === "EINTR" ? [] : error;
  }
}
