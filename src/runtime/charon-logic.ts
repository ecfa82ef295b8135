import { charonMachine } from "../machines/charon.ts";
import type { IkeSa } from "../model/sa.ts";
import { effect, type ConnectionPorts } from "./connection-logic.ts";
import type { CharonPort } from "./ports.ts";
import type { CharonNews } from "../adapters/vici/news.ts";

export interface CharonPorts extends Pick<ConnectionPorts, "onAdapterCall"> {
  readonly charon: CharonPort;
  /** The names of the connections that are to be in charon. */
  readonly declared: () => ReadonlySet<string>;
  readonly removeOrphans: () => void;
  readonly onNews: (news: CharonNews) => void;
  readonly onList: (sas: readonly IkeSa[]) => void;
}

/** The charon machine with its effects. */
export function charonLogic(ports: CharonPorts) {
  const { charon } = ports;
  const call = effect(ports);
  return charonMachine.provide({
    actors: {
      connect: call("charon.connect", async () => {
        await charon.open();
        charon.news().subscribe(ports.onNews);
      }),
      session: call("charon.session", async () => {
        await charon.closed();
      }),
      prune: call("charon.prune", async () => {
        const declared = ports.declared();
        for (const name of await charon.owned()) {
          if (!declared.has(name)) await charon.unload(name);
        }
        ports.removeOrphans();
      }),
      list: call("charon.list", async () => ports.onList(await charon.list())),
    },
  });
}
