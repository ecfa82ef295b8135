import { setTimeout as pause } from "node:timers/promises";
import type { Message, Session, ViciError } from "vici-client";
import { hasAlerts } from "../../../src/adapters/vici/alert.ts";
import {
  isInRange,
  type CharonVersion,
} from "../../../src/model/charon/proposals/charon-version.ts";
import { masked, type Transcript } from "./masked.ts";
import { conn, peers, sharedOf, type PeerName } from "./peers.ts";

const eventNames = ["ike-updown", "child-updown", "ike-rekey", "child-rekey"] as const;

/** The log lines on which clients depend. */
const relevantLog =
  /\breceived [A-Z][A-Z_0-9]+ (notify|error)|^retransmit \d of request|^giving up|^(failed to establish|establishing IKE_SA failed|unable to (resolve|install))/;

/** Runs every command that ipman uses against a charon of this version. */
export async function transcript(session: Session, version: CharonVersion): Promise<Transcript> {
  const alerts = await hasAlerts(session);
  const events = session.events("log", ...eventNames, ...(alerts ? (["alert"] as const) : []));
  await events.ready;
  const steps: Transcript = { events: [{ alerts }] };
  let received: object[] = [];
  const listeners = new Set<() => void>();
  void (async () => {
    for await (const { name, message } of events) {
      const { msg } = message as { msg?: string };
      if (name === "log" && !relevantLog.test(msg ?? "")) continue;
      received.push(
        name === "log" ? { log: msg, of: (message as Message)["ikesa-name"] } : { [name]: message },
      );
      for (const listener of listeners) listener();
    }
  })().catch(() => {});
  const until = async (pattern: RegExp) => {
    while (!received.some((item) => pattern.test(JSON.stringify(item)))) {
      await new Promise<void>((resolve) => listeners.add(resolve));
      listeners.clear();
    }
  };
  const ask = async (command: string, message: Message = {}) => {
    const reply = await session.request(command, message).catch((error: ViciError) => ({
      error: error.code,
      message: error.message,
    }));
    return { [command]: reply };
  };
  const list = async () => {
    const items = await Array.fromAsync(session.stream("list-sas"));
    return { list: items.map(staying).filter((item) => Object.keys(item).length > 0) };
  };
  const listConns = async (of: { ike?: string } = {}) => ({
    conns: await Array.fromAsync(session.stream("list-conns", of)),
  });
  const step = async (name: string, ...acts: (() => Promise<unknown>)[]) => {
    received = [];
    const answers: unknown[] = [];
    for (const act of acts) {
      const answer = await act();
      if (answer !== undefined) answers.push(answer);
    }
    // The order of log lines and events is not defined.
    const logs = received.filter((item) => "log" in item);
    steps[name] = [...answers, { events: received.filter((item) => !("log" in item)) }, { logs }];
  };
  const uniqueId = async (pick: (sa: Sa) => string | undefined) => {
    const [item] = await Array.fromAsync(session.stream("list-sas"));
    return pick(Object.values(item as unknown as Record<string, Sa>)[0] as Sa) ?? "none";
  };
  const child = () => uniqueId((sa) => Object.values(sa["child-sas"])[0]?.uniqueid);
  const ike = () => uniqueId((sa) => sa.uniqueid);
  /** Waits until charon has deleted the IKE SA before a rekey, whose end is an event from 6.0 on. */
  const oneIkeSa = async () => {
    while ((await Array.fromAsync(session.stream("list-sas"))).length > 1) await pause(10);
  };
  const secret = (name: string) => ask("load-shared", { id: `ipman:${name}`, ...sharedOf(name) });
  const names = Object.keys(peers) as PeerName[];

  await step(
    "load",
    ...names.map((name) => () => secret(name)),
    () => ask("get-shared"),
    ...names.map((name) => () => ask("load-conn", conn(name))),
    () => ask("load-conn", conn("good")),
    () => ask("get-conns"),
    () => listConns(),
    list,
  );
  const { local_addrs: _, ...anywhere } = conn("good")["good"] as Message;
  await step(
    "addresses",
    () => ask("load-conn", { good: anywhere }),
    () => listConns({ ike: "good" }),
    () => listConns({ ike: "unknown" }),
    () => ask("load-conn", conn("good")),
  );
  await step(
    "refusals",
    () => ask("load-conn", conn("good", { no_such_option: "1" })),
    () => ask("load-conn", conn("good", { proposals: ["nonsense"] })),
    () => ask("initiate", { ike: "unknown", child: "net", timeout: "-1" }),
    () => ask("initiate", { ike: "good", child: "nothing", timeout: "-1" }),
    () => ask("terminate", { ike: "good", force: "yes" }),
    () => ask("rekey", { "child-id": "999" }),
    () => ask("unload-conn", { name: "unknown" }),
    () => ask("unload-shared", { id: "unknown" }),
    () => ask("no-such-command"),
  );
  await step(
    "establish",
    () => ask("initiate", { ike: "good", child: "net", timeout: "-1" }),
    () => until(/child-updown/),
    list,
  );
  await step(
    "establish again",
    () => ask("initiate", { ike: "good", child: "net", timeout: "-1" }),
    list,
  );
  await step(
    "second child",
    () => ask("initiate", { ike: "good", child: "other", timeout: "-1" }),
    () => until(/child-updown/),
    list,
  );
  await step(
    "rekey a child",
    async () => ask("rekey", { "child-id": await child() }),
    () => until(/child-rekey/),
  );
  await step(
    "rekey the IKE SA",
    async () => ask("rekey", { "ike-id": await ike() }),
    () => until(/ike-rekey/),
    oneIkeSa,
  );
  await step(
    "load again",
    () => ask("load-conn", conn("good")),
    () => ask("load-conn", conn("good", { rekey_time: "5h" })),
    list,
  );
  await step(
    "end a child",
    async () => ask("terminate", { child: "other", force: "yes", timeout: "2000" }),
    () => until(/child-updown/),
  );
  await step(
    "end the IKE SA",
    async () => ask("terminate", { "ike-id": await ike(), force: "yes", timeout: "2000" }),
    () => until(/child-updown/),
    list,
  );
  await step(
    "load a connection whose IKE SA has no children",
    () => ask("initiate", { ike: "good", child: "net", timeout: "-1" }),
    () => until(/child-updown/),
    () => ask("terminate", { child: "net", force: "yes", timeout: "2000" }),
    () => ask("load-conn", conn("good")),
    // charon before 6.0 keeps it.
    ...(isInRange(version, { before: "6.0.0" })
      ? [() => ask("terminate", { ike: "good", force: "yes", timeout: "2000" })]
      : []),
    () => until(/DELETING/),
    list,
  );
  await step(
    "an IKE SA without a CHILD SA",
    () => ask("initiate", { ike: "unknown", timeout: "-1" }),
    () => ask("initiate", { ike: "good", timeout: "-1" }),
    () => until(/ike-updown/),
    list,
    () => ask("initiate", { ike: "good", timeout: "-1" }),
    () => ask("initiate", { ike: "good", child: "net", timeout: "-1" }),
    () => until(/child-updown/),
    list,
    () => ask("terminate", { ike: "good", force: "yes", timeout: "2000" }),
    () => until(/DELETING/),
    list,
  );
  await step(
    "an IKE SA without a CHILD SA is refused",
    () => ask("initiate", { ike: "childful", timeout: "-1" }),
    () => until(/INVALID_SYNTAX/),
    () => until(/ike-updown/),
    list,
  );
  await step(
    "no address for an IKE SA without a CHILD SA",
    () => ask("initiate", { ike: "nameless", timeout: "-1" }),
    () => until(/unable to resolve/),
    list,
  );
  await step(
    "wrong key",
    () => ask("initiate", { ike: "stranger", child: "net", timeout: "-1" }),
    () => until(/AUTHENTICATION_FAILED/),
    () => until(/ike-updown/),
    list,
  );
  await step(
    "no IKE proposal in common",
    () => ask("initiate", { ike: "ciphers", child: "net", timeout: "-1" }),
    () => until(/NO_PROPOSAL_CHOSEN/),
    () => until(/ike-updown/),
    list,
  );
  await step(
    "dead peer",
    () => ask("initiate", { ike: "dead", child: "net", timeout: "-1" }),
    list,
    () => until(/establishing IKE_SA failed/),
    list,
  );
  await step(
    "a name that does not resolve",
    () => ask("initiate", { ike: "nameless", child: "net", timeout: "-1" }),
    () => until(/unable to resolve/),
    list,
  );
  await step(
    "an attempt that is ended",
    () => ask("initiate", { ike: "dead", child: "net", timeout: "-1" }),
    () => ask("terminate", { ike: "dead", force: "yes", timeout: "2000" }),
    list,
  );
  for (const [what, name] of [
    ["no ESP proposal in common", "weak"],
    ["selectors refused", "narrow"],
    ["an SA that the kernel does not install", "offloaded"],
  ] as const) {
    await step(
      what,
      () => ask("initiate", { ike: name, child: "net", timeout: "-1" }),
      () => until(/keeping IKE_SA/),
      list,
      () => ask("terminate", { ike: name, force: "yes", timeout: "2000" }),
      () => until(/DELETING/),
    );
  }
  await step(
    "unload",
    () => ask("unload-conn", { name: "good" }),
    () => ask("unload-shared", { id: "ipman:good" }),
    () => ask("get-conns"),
    () => ask("get-shared"),
    () => ask("clear-creds"),
    () => ask("get-shared"),
  );
  await events.return();
  return masked(steps);
}

interface Sa {
  readonly uniqueid: string;
  readonly state: string;
  readonly "child-sas": Record<string, { readonly uniqueid: string; readonly state: string }>;
}

/** The SAs that are not being deleted; charon lists those until they are gone. */
function staying(item: object): object {
  const ikes = Object.entries(item as Record<string, Sa>).filter(
    ([, { state }]) => state !== "DELETING",
  );
  return Object.fromEntries(
    ikes.map(([name, ike]) => {
      const children = Object.entries(ike["child-sas"]).filter(
        ([, { state }]) => state !== "DELETED" && state !== "REKEYED",
      );
      return [name, { ...ike, "child-sas": Object.fromEntries(children) }];
    }),
  );
}
