import type { Observer } from "rxjs";
import type { CharonEvent } from "../../model/charon/charon-event.ts";
import { charonMachine } from "../../machines/charon.ts";
import type { IkeSa } from "../../model/charon/sa.ts";
import type { CharonPort } from "../ports/ports.ts";
import { effect, type EffectPorts } from "./effect.ts";

export interface CharonPorts extends EffectPorts {
  readonly charon: CharonPort;
  /** The names of the declared connections; undefined while some are unknown. */
  readonly declared: () => ReadonlySet<string> | undefined;
  /** Removes SAs and policies from the kernel that charon does not hold. */
  readonly removeOrphans: (charon: Pick<CharonPort, "held">) => Promise<void>;
  readonly events: Pick<Observer<CharonEvent>, "next">;
  readonly lists: Pick<Observer<readonly IkeSa[]>, "next">;
}

/** The charon machine with its effects. */
export function charonLogic(ports: CharonPorts) {
  const { charon, queue } = ports;
  const call = effect(ports);
  return charonMachine.provide({
    actors: {
      connect: call("charon.connect", async () => {
        await charon.open();
        charon.events().subscribe((event) => ports.events.next(event));
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
      list: call("charon.list", async () => ports.lists.next(await queue.before(charon.list()))),
    },
  });
}
