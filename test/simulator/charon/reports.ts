import type { Message } from "vici-client";
import type { ViciServer } from "vici-client/server";
import { childSas, ikeMessage, type SimulatedChild, type SimulatedIke } from "./sas.ts";

/** The events that a charon sends. */
export class Reports {
  readonly #server: ViciServer;

  constructor(server: ViciServer) {
    this.#server = server;
  }

  publish(event: string, message: Message): void {
    this.#server.publish(event, message);
  }

  childUp(ike: SimulatedIke, child: SimulatedChild): void {
    const message = { up: "yes", [ike.name]: ikeMessage(ike, childSas([child])) };
    this.publish("child-updown", message);
  }

  childDown(ike: SimulatedIke, child: SimulatedChild): void {
    this.publish("child-updown", { [ike.name]: ikeMessage(ike, childSas([child])) });
  }

  /** The IKE SA and its children ended. */
  ended(ike: SimulatedIke): void {
    this.publish("ike-updown", { [ike.name]: ikeMessage(ike) });
    for (const child of ike.children) this.childDown(ike, child);
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
