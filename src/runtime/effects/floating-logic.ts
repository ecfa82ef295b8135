import { setTimeout as pause } from "node:timers/promises";
import { fromCallback, fromPromise } from "xstate";
import { floatingMachine } from "../../machines/floating/floating.ts";
import type { FloatingOrder, LeaveOrder } from "../../machines/floating/floating-types.ts";
import { isNameOf } from "../../model/api/path.ts";
import { parseAddress, sameAddress } from "../../model/net/address.ts";
import { failure, Reason } from "../../model/status/failure.ts";
import type { AddressPort, CharonPort } from "../ports/ports.ts";
import { Refusal } from "../ports/refusal.ts";
import { effect, measured, type EffectPorts } from "./effect.ts";

/** The ports of the actor of a floating address. */
export interface FloatingPorts extends Pick<EffectPorts, "calls"> {
  readonly charon: Pick<CharonPort, "list" | "terminateIkeSa">;
  /** Undefined where no address floats. */
  readonly addresses?: AddressPort | undefined;
}

/** Announcements after the first one, which precedes the first dial; milliseconds after it. */
const announcedAtMs = [50, 200, 1_000];

/** For the peer's answer to the end of an SA. */
const endingMs = 300;

/** The machine of a floating address with its effects. */
export function floatingLogic(ports: FloatingPorts) {
  const call = effect(ports);
  return floatingMachine.provide({
    actors: {
      hold: call<FloatingOrder, boolean>("address.hold", ({ floating }) =>
        addressesOf(ports).hold(floating),
      ),
      leave: fromPromise<void, LeaveOrder>(({ input, signal }) =>
        measured(ports, "address.leave", () => leave(ports, input, signal)),
      ),
      announce: announceLogic(ports),
    },
  });
}

/** Ends the SAs first if they work, and else removes the address at once. */
async function leave(ports: FloatingPorts, order: LeaveOrder, signal: AbortSignal): Promise<void> {
  const { address } = order.floating.prefix;
  if (!order.planned) {
    addressesOf(ports).release(address);
    void endSas(ports, order).catch(() => {});
    return;
  }
  // charon may be lost, and the peer may not answer: the address leaves all the same.
  const ended = endSas(ports, order).catch(() => {});
  await Promise.race([ended, pause(endingMs, undefined, { ref: false })]);
  if (!signal.aborted) addressesOf(ports).release(address);
}

async function endSas({ charon }: FloatingPorts, { connection, floating }: FloatingOrder) {
  const sas = await charon.list();
  const ending = sas
    .filter((sa) => isNameOf(sa.connection, connection.name))
    .filter(({ localHost }) => {
      const local = parseAddress(localHost);
      return local !== undefined && sameAddress(local, floating.prefix.address);
    });
  await Promise.all(ending.map(({ uniqueId }) => charon.terminateIkeSa(uniqueId)));
}

/** Repeats the announcement: a frame may be lost, and another node may have sent its own meanwhile. */
function announceLogic(ports: FloatingPorts) {
  return fromCallback<{ type: string }, FloatingOrder>(({ input }) => {
    const { address } = input.floating.prefix;
    const announce = () => {
      // Metrics count a failure, and the next announcement follows anyway.
      measured(ports, "address.announce", () => addressesOf(ports).announce(address)).catch(
        () => {},
      );
    };
    announce();
    const timers = announcedAtMs.map((ms) => setTimeout(announce, ms));
    return () => {
      for (const timer of timers) clearTimeout(timer);
    };
  });
}

function addressesOf({ addresses }: FloatingPorts): AddressPort {
  if (addresses !== undefined) return addresses;
  const message = "this agent gives no addresses to its node";
  throw new Refusal(failure(Reason.FloatingAddressUnavailable, message));
}
