import { charonMachine } from "../../machines/charon.ts";
import type { IkeSa } from "../../model/charon/sa.ts";
import { effect, type ConnectionPorts } from "./connection-logic.ts";
import type { CharonPort } from "../ports/ports.ts";
import type { CharonEvent } from "../../model/charon/charon-event.ts";

export interface CharonPorts extends Pick<ConnectionPorts, "onAdapterCall" | "turns"> {
  readonly charon: CharonPort;
  /** The names of the connections that are to be in charon; undefined while some are unknown. */
  readonly declared: () => ReadonlySet<string> | undefined;
  /** Removes from the kernel what charon does not hold. */
  readonly removeOrphans: (charon: Pick<CharonPort, "held">) => Promise<void>;
  readonly onNews: (event: CharonEvent) => void;
  readonly onList: (sas: readonly IkeSa[]) => void;
}

/** The charon machine with its effects. */
export function charonLogic(ports: CharonPorts) {
  const { charon, turns } = ports;
  const call = effect(ports);
  return charonMachine.provide({
    actors: {
      connect: call("charon.connect", async () => {
        await charon.open();
        charon.events().subscribe(ports.onNews);
      }),
      session: call("charon.session", async () => {
        await charon.closed();
      }),
      prune: call("charon.prune", async () => {
        const declared = ports.declared();
        for (const name of declared === undefined ? [] : await charon.owned()) {
          if (declared?.has(name) === false) await charon.unload(name);
        }
        await ports.removeOrphans({ held: () => charon.held() });
      }),
      list: call("charon.list", async () => ports.onList(await turns.before(charon.list()))),
    },
  });
}
