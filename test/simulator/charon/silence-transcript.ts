import { setTimeout as pause } from "node:timers/promises";
import type { Message, Session } from "vici-client";
import { hasAlerts } from "../../../src/adapters/vici/alert.ts";
import { masked, type Transcript } from "./masked.ts";
import { conn, sharedOf } from "./peers.ts";

const relevantLog = /^(?:retransmit|giving up|parsed INFORMATIONAL response)/;

/** The peer of the connection `good`, which answers no IKE request while it is stopped. */
export interface StoppablePeer {
  readonly stop: () => void;
  readonly resume: () => void;
}

/** The reports of a charon whose peer does not answer dead peer detection for a while, and then for good. */
export async function silenceTranscript(
  session: Session,
  { stop, resume }: StoppablePeer,
): Promise<Transcript> {
  const alerts = await hasAlerts(session);
  const events = session.events(
    "log",
    "ike-updown",
    "child-updown",
    ...(alerts ? (["alert"] as const) : []),
  );
  await events.ready;
  let received: object[] = [];
  let notify = () => {};
  void (async () => {
    for await (const { name, message } of events) {
      const { msg = "" } = message as { msg?: string };
      if (name === "log" && !relevantLog.test(msg)) continue;
      received.push(name === "log" ? { log: withoutNumbers(msg) } : { [name]: message });
      notify();
    }
  })().catch(() => {});
  const until = async (...patterns: RegExp[]) => {
    while (!patterns.every((one) => received.some((item) => one.test(JSON.stringify(item)))))
      await new Promise<void>((resolve) => (notify = resolve));
  };
  /** The log lines, the first of each kind, and the events; their order to each other is not defined. */
  const taken = () => {
    const logs = received.flatMap((item) => ("log" in item ? [item.log] : []));
    return [[...new Set(logs)], received.filter((item) => !("log" in item))];
  };
  const steps: Transcript = {};
  await session.request("load-shared", { id: "ipman:good", ...sharedOf("good") });
  await session.request("load-conn", conn("good", { dpd_delay: "1s" } satisfies Message));
  await session.request("initiate", { ike: "good", child: "net", timeout: "-1" });
  await until(/child-updown/);
  stop();
  // An answer may be on its way.
  await pause(100);
  received = [];
  await until(/retransmit 2/);
  resume();
  await until(/parsed INFORMATIONAL/, ...(alerts ? [/retransmit-send-cleared/] : []));
  steps["a peer that answers again"] = taken();
  stop();
  await pause(100);
  received = [];
  await until(/giving up/, /child-updown/);
  steps["a peer that is lost"] = taken();
  resume();
  await events.return();
  return masked(steps);
}

function withoutNumbers(line: string): string {
  return line.replace(/(message ID|response) \d+.*/, "$1 …");
}
