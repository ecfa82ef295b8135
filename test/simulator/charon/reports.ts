import type { Message } from "vici-client";
import type { ViciServer } from "vici-client/server";
import { ikeMessage, type SimulatedIke } from "./sas.ts";

/** The events that a charon sends. */
export class Reports {
  readonly #server: ViciServer;

  constructor(server: ViciServer) {
    this.#server = server;
  }

  publish(event: string, message: Message): void {
    this.#server.publish(event, message);
  }

  /** charon sends its alerts at once, and the lines that it logged before them later. */
  alert(ike: SimulatedIke, ...types: string[]): void {
    for (const type of types)
      this.publish("alert", { type, "ike-sa": { [ike.name]: ikeMessage(ike) } });
  }

  log({ uniqueId, name }: Pick<SimulatedIke, "uniqueId" | "name">, msg: string): void {
    this.publish("log", {
      group: "IKE",
      level: "1",
      thread: "1",
      "ikesa-uniqueid": String(uniqueId),
      "ikesa-name": name,
      msg,
    });
  }
}
