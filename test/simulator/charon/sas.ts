import type { Message } from "vici-client";
import { parseIdentity } from "../../../src/model/identity/identity.ts";
import { selectors } from "./list-conn.ts";

/** A child as it was declared when its SA was requested. */
export interface ChildRequest {
  readonly name: string;
  readonly config: Message;
}

/** A CHILD SA of the simulator. */
export interface SimulatedChild {
  readonly uniqueId: number;
  readonly name: string;
  readonly config: Message;
  state: "INSTALLED" | "REKEYING" | "REKEYED" | "DELETED";
}

/** An IKE SA of the simulator. */
export interface SimulatedIke {
  readonly uniqueId: number;
  readonly name: string;
  readonly config: Message;
  state: "CREATED" | "CONNECTING" | "ESTABLISHED" | "REKEYING" | "DELETING";
  /** Whether the peer has answered yet. */
  answered: boolean;
  readonly children: SimulatedChild[];
  /** The children that were requested and are not established yet. */
  readonly queue: ChildRequest[];
  tasks: readonly string[];
}

/** An IKE SA that the peer has not answered yet; without a child, it is requested alone. */
export function connectingIke(
  uniqueId: number,
  name: string,
  config: Message,
  child?: ChildRequest,
): SimulatedIke {
  return {
    uniqueId,
    name,
    config,
    state: "CONNECTING",
    answered: false,
    children: [],
    queue: child === undefined ? [] : [child],
    tasks: ["IKE_INIT", "IKE_AUTH", ...(child === undefined ? [] : ["CHILD_CREATE"])],
  };
}

/**
 * An IKE SA as in `list-sas` and in events.
 *
 * @param children the section `child-sas`; events of the IKE SA alone have none
 */
export function ikeMessage(ike: SimulatedIke, children?: Message): Message {
  const established = ike.state === "ESTABLISHED";
  // The name of the peer does not resolve.
  const isNameless = ike.state === "CREATED";
  return {
    uniqueid: String(ike.uniqueId),
    version: "2",
    state: ike.state,
    "local-host": first(ike.config["local_addrs"]) ?? "%any",
    "local-port": ike.answered ? "4500" : "500",
    "local-id": identity(ike, "local"),
    "remote-host": isNameless ? "%any" : (first(ike.config["remote_addrs"]) ?? "%any"),
    "remote-port": isNameless ? "0" : ike.answered ? "4500" : "500",
    "remote-id": identity(ike, "remote"),
    initiator: "yes",
    "initiator-spi": ike.uniqueId.toString(16).padStart(16, "a"),
    "responder-spi": ike.answered ? ike.uniqueId.toString(16).padStart(16, "b") : "0".repeat(16),
    ...(ike.answered && {
      "encr-alg": "AES_CBC",
      "encr-keysize": "256",
      "integ-alg": "HMAC_SHA2_256_128",
      "prf-alg": "PRF_HMAC_SHA2_256",
      "dh-group": "ECP_256",
    }),
    ...(established && { established: "1", "rekey-time": "13000" }),
    ...(ike.tasks.length > 0 && { "tasks-active": [...ike.tasks] }),
    ...(children !== undefined && { "child-sas": children }),
  };
}

/** The section of CHILD SAs, by name and unique id. */
export function childSas(children: readonly SimulatedChild[]): Message {
  return Object.fromEntries(
    children.map((child) => [`${child.name}-${child.uniqueId}`, childMessage(child)]),
  );
}

/** A CHILD SA as in `list-sas` and in events. */
export function childMessage(child: SimulatedChild): Message {
  const { config } = child;
  return {
    name: child.name,
    uniqueid: String(child.uniqueId),
    reqid: String(child.uniqueId),
    state: child.state,
    mode: "TUNNEL",
    protocol: "ESP",
    "spi-in": child.uniqueId.toString(16).padStart(8, "c"),
    "spi-out": child.uniqueId.toString(16).padStart(8, "d"),
    "if-id-in": hexadecimal(config["if_id_in"]),
    "if-id-out": hexadecimal(config["if_id_out"]),
    "encr-alg": "AES_CBC",
    "encr-keysize": "256",
    "integ-alg": "HMAC_SHA2_256_128",
    "bytes-in": "0",
    "packets-in": "0",
    "bytes-out": "0",
    "packets-out": "0",
    "rekey-time": "3000",
    "life-time": "3960",
    "install-time": "1",
    "local-ts": selectors(config["local_ts"]),
    "remote-ts": selectors(config["remote_ts"]),
  };
}

function identity(ike: SimulatedIke, end: "local" | "remote"): string {
  const auth = ike.config[end] as Message | undefined;
  return ike.answered && typeof auth?.["id"] === "string" ? parseIdentity(auth["id"]).text : "%any";
}

function first(value: unknown): string | undefined {
  return Array.isArray(value) ? (value[0] as string) : undefined;
}

function hexadecimal(value: unknown): string {
  return Number(value).toString(16).padStart(8, "0");
}
