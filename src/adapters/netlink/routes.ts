import { bytesOf, type Address } from "../../model/net/address.ts";
import { formatPrefix, type Prefix } from "../../model/net/prefix.ts";
import { familyNumber, Nl, routeOrigin, Rta, Rtm, Sock } from "../linux/constants.ts";
import { addressOf, attributesIn, u32Of } from "./reader.ts";
import type { NetlinkSocket, Request } from "./socket.ts";

const headerBytes = 12; // struct rtmsg

/** A unicast route of the main table. */
export interface Route {
  readonly linkIndex: number;
  readonly destination: Prefix;
  readonly gateway: Address | undefined;
  readonly source: Address | undefined;
  /** The program that made it (rtm_protocol). */
  readonly origin: number;
}

/** Lists the unicast routes of the main table, of both families. */
export function listRoutes(socket: NetlinkSocket): Route[] {
  return [Sock.afInet, Sock.afInet6].flatMap((family) =>
    socket
      .dump("list routes", (writer) => writer.begin(Rtm.getRoute, 0, headerBytes).u8(0, family))
      .flatMap(({ body }) => routeFrom(body) ?? []),
  );
}

/** Reads the route of an RTM_NEWROUTE; undefined for one of another table or type, or that is cut short. */
export function routeFrom(body: Buffer): Route | undefined {
  if (body.length < headerBytes) return undefined;
  const attributes = attributesIn(body, headerBytes);
  const table = u32Of(attributes.get(Rta.table)) ?? body.readUInt8(4);
  const linkIndex = u32Of(attributes.get(Rta.oif));
  if (table !== Rta.tableMain || body.readUInt8(7) !== Rta.unicast || linkIndex === undefined) {
    return undefined;
  }
  const family = body.readUInt8(0) === Sock.afInet ? 4 : 6;
  return {
    linkIndex,
    destination: {
      address: addressOf(attributes.get(Rta.dst)) ?? { family, value: 0n },
      length: body.readUInt8(1),
    },
    gateway: addressOf(attributes.get(Rta.gateway)),
    source: addressOf(attributes.get(Rta.prefsrc)),
    origin: body.readUInt8(5),
  };
}

/** A route of ipman's to add or delete. */
export type NewRoute = Pick<Route, "linkIndex" | "destination"> & {
  readonly gateway?: Address | undefined;
  readonly source?: Address | undefined;
  /** Below 256; the main table by default. */
  readonly table?: number;
};

/** Adds a route, or replaces the one to the same destination. */
export function replaceRoute(route: NewRoute): Request {
  return routeRequest("set", Rtm.newRoute, Nl.create | Nl.replace, route, []);
}

/** Deletes a route; one that does not exist is not an error. */
export function deleteRoute(route: NewRoute): Request {
  return routeRequest("delete", Rtm.delRoute, 0, route, ["ESRCH", "ENODEV"]);
}

function routeRequest(
  verb: string,
  type: number,
  flags: number,
  route: NewRoute,
  tolerate: string[],
): Request {
  const { destination, gateway, source } = route;
  return {
    op: `${verb} route ${formatPrefix(destination)}`,
    tolerate,
    write: (writer) => {
      writer
        .begin(type, flags, headerBytes)
        .u8(0, familyNumber(destination.address.family))
        .u8(1, destination.length)
        .u8(4, route.table ?? Rta.tableMain)
        .u8(5, routeOrigin)
        .u8(6, gateway === undefined ? Rta.scopeLink : Rta.scopeUniverse)
        .u8(7, Rta.unicast);
      if (gateway !== undefined) writer.u32(8, Rta.onlink);
      writer.attribute(Rta.dst, bytesOf(destination.address));
      if (gateway !== undefined) writer.attribute(Rta.gateway, bytesOf(gateway));
      if (source !== undefined) writer.attribute(Rta.prefsrc, bytesOf(source));
      writer.attributeU32(Rta.oif, route.linkIndex);
    },
  };
}
