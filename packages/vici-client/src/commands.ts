import type { Message } from "./message.ts";

/** A boolean in VICI. */
export type YesNo = "yes" | "no";

/** The reply of most control commands; `success: no` is thrown as a ViciError. */
export type Done = { success: "yes" } & Message;

/** One CHILD SA of {@link IkeSa}. Numbers are decimal text, times are in seconds. */
export type ChildSa = {
  name: string;
  uniqueid: string;
  reqid: string;
  /** CREATED, ROUTED, INSTALLING, INSTALLED, UPDATING, REKEYING, REKEYED, RETRYING, DELETING, DELETED, DESTROYING. */
  state: string;
  mode: string;
  protocol?: string;
  encap?: YesNo;
  "spi-in"?: string;
  "spi-out"?: string;
  /** Hexadecimal. */
  "if-id-in"?: string;
  "if-id-out"?: string;
  "encr-alg"?: string;
  "encr-keysize"?: string;
  "integ-alg"?: string;
  "dh-group"?: string;
  esn?: string;
  "bytes-in"?: string;
  "packets-in"?: string;
  "use-in"?: string;
  "bytes-out"?: string;
  "packets-out"?: string;
  "use-out"?: string;
  "rekey-time"?: string;
  "life-time"?: string;
  "install-time"?: string;
  "local-ts"?: string[];
  "remote-ts"?: string[];
} & Message;

/** One IKE SA with its CHILD SAs. Numbers are decimal text, times are in seconds. */
export type IkeSa = {
  uniqueid: string;
  version: string;
  /** CREATED, CONNECTING, ESTABLISHED, PASSIVE, REKEYING, REKEYED, DELETING, DESTROYING. */
  state: string;
  "local-host": string;
  "local-port": string;
  "local-id"?: string;
  "remote-host": string;
  "remote-port": string;
  "remote-id"?: string;
  initiator?: YesNo;
  "initiator-spi": string;
  "responder-spi": string;
  "nat-local"?: YesNo;
  "nat-remote"?: YesNo;
  "nat-fake"?: YesNo;
  "nat-any"?: YesNo;
  "encr-alg"?: string;
  "encr-keysize"?: string;
  "integ-alg"?: string;
  "prf-alg"?: string;
  "dh-group"?: string;
  established?: string;
  "rekey-time"?: string;
  "reauth-time"?: string;
  "tasks-queued"?: string[];
  "tasks-active"?: string[];
  "tasks-passive"?: string[];
  /** By `name-uniqueid`. */
  "child-sas": Record<string, ChildSa>;
} & Message;

/** Selects SAs that match every given member. `ike-id` and `child-id` are unique ids. */
export type SaSelector = {
  ike?: string;
  child?: string;
  "ike-id"?: string;
  "child-id"?: string;
} & Message;

/** The commands with one reply, by name, with the messages of request and reply. */
export interface Commands {
  version: {
    request: Message;
    reply: {
      daemon: string;
      version: string;
      sysname: string;
      release: string;
      machine: string;
    } & Message;
  };
  stats: { request: Message; reply: Message };
  "get-algorithms": { request: Message; reply: Record<string, Record<string, string>> };
  "get-counters": {
    request: { name?: string; all?: YesNo } & Message;
    reply: { counters: Record<string, Record<string, string>> } & Message;
  };
  "get-conns": { request: Message; reply: { conns: string[] } & Message };
  "get-keys": { request: Message; reply: { keys: string[] } & Message };
  "get-shared": { request: Message; reply: { keys: string[] } & Message };
  "get-pools": { request: { leases?: YesNo; name?: string } & Message; reply: Message };
  "get-authorities": { request: Message; reply: { authorities: string[] } & Message };
  /** With `timeout: "-1"` charon replies at once; otherwise the wait blocks one of its threads. */
  initiate: {
    request: {
      child?: string;
      ike?: string;
      timeout?: string;
      "init-limits"?: YesNo;
      loglevel?: string;
    } & Message;
    reply: Done;
  };
  terminate: {
    request: SaSelector & { force?: YesNo; timeout?: string; loglevel?: string };
    reply: { matches: string; terminated: string } & Done;
  };
  rekey: {
    request: SaSelector & { reauth?: YesNo };
    reply: { matches: string } & Done;
  };
  redirect: {
    request: {
      ike?: string;
      "ike-id"?: string;
      "peer-ip"?: string;
      "peer-id"?: string;
      gateway: string;
    } & Message;
    reply: { matches: string } & Done;
  };
  install: { request: { child: string; ike?: string } & Message; reply: Done };
  uninstall: { request: { child: string; ike?: string } & Message; reply: Done };
  "reload-settings": { request: Message; reply: Done };
  "reset-counters": { request: { name?: string; all?: YesNo } & Message; reply: Done };
  /** One section, named after the connection. */
  "load-conn": { request: Record<string, Message>; reply: Done };
  "unload-conn": { request: { name: string }; reply: Done };
  "load-cert": { request: { type: string; flag?: string; data: Uint8Array }; reply: Done };
  "load-key": {
    request: { type: string; data: Uint8Array } & Message;
    reply: { id: string } & Done;
  };
  "unload-key": { request: { id: string }; reply: Done };
  "load-token": {
    request: {
      handle: string;
      slot?: string;
      module?: string;
      pin?: string;
    } & Message;
    reply: { id: string } & Done;
  };
  /** Without `owners` the secret is valid for every peer. */
  "load-shared": {
    request: {
      id?: string;
      type: string;
      data: string | Uint8Array;
      owners?: string[];
    } & Message;
    reply: Done;
  };
  "unload-shared": { request: { id: string }; reply: Done };
  "flush-certs": { request: { type?: string } & Message; reply: Done };
  "clear-creds": { request: Message; reply: Done };
  "load-authority": { request: Record<string, Message>; reply: Done };
  "unload-authority": { request: { name: string }; reply: Done };
  "load-pool": { request: Record<string, Message>; reply: Done };
  "unload-pool": { request: { name: string }; reply: Done };
}

/** The commands that reply in several parts, by name. */
export interface Streams {
  "list-sas": {
    request: SaSelector & { noblock?: YesNo };
    /** One IKE SA, named after its connection. */
    item: Record<string, IkeSa>;
  };
  "list-policies": {
    request: {
      drop?: YesNo;
      pass?: YesNo;
      trap?: YesNo;
      child?: string;
      ike?: string;
    } & Message;
    item: Record<string, Message>;
  };
  "list-conns": { request: { ike?: string } & Message; item: Record<string, Message> };
  "list-certs": {
    request: { type?: string; flag?: string; subject?: string } & Message;
    item: Message;
  };
  "list-authorities": { request: { name?: string } & Message; item: Record<string, Message> };
}

/** A change of an IKE SA, named after its connection; `up` is left out if the SA is down. */
export type UpDown = { up?: "yes" } & Message;

/** The messages of events, by name. `alert` exists since charon 6.0.3. */
export interface Events {
  log: {
    group: string;
    level: string;
    thread: string;
    "ikesa-uniqueid"?: string;
    "ikesa-name"?: string;
    msg: string;
  };
  "control-log": Events["log"];
  "ike-updown": UpDown;
  "ike-rekey": Message;
  "ike-update": Message;
  "child-updown": UpDown;
  "child-rekey": Message;
  alert: Message;
}
