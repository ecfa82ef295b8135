import { childMachine } from "../../machines/child/child.ts";
import type { InitiateOrder } from "../../machines/child/child-types.ts";
import { connectionMachine } from "../../machines/connection/connection.ts";
import { pathMachine } from "../../machines/path/path.ts";
import type { LoadOrder, LoadResult } from "../../machines/path/path-types.ts";
import type { SurplusSas } from "../../model/charon/surplus-sas.ts";
import { failure, Reason } from "../../model/status/failure.ts";
import type { CharonPort } from "../ports/ports.ts";
import { Refusal } from "../ports/refusal.ts";
import { offerFor } from "../../model/charon/connection-offer.ts";
import { effect } from "./effect.ts";
import { floatingLogic, type FloatingPorts } from "./floating-logic.ts";
import { gatewayLogic, type GatewayPorts } from "./gateway-logic.ts";
import type { Secrets } from "../keys/secrets.ts";

/** The ports of the machines of a connection. */
export interface ConnectionPorts extends GatewayPorts, FloatingPorts {
  readonly charon: CharonPort;
  readonly secrets: Pick<Secrets, "value">;
}

/** The connection's machine with its effects. */
export function connectionLogic(ports: ConnectionPorts) {
  return connectionMachine.provide({
    actors: {
      path: pathLogic(ports),
      gateway: gatewayLogic(ports),
      floating: floatingLogic(ports),
    },
  });
}

function pathLogic(ports: ConnectionPorts) {
  const { charon, secrets, queue } = ports;
  const call = effect(ports);
  return pathMachine.provide({
    actors: {
      child: childLogic(ports),
      load: call<LoadOrder, LoadResult>("charon.load", async ({ connection }) => {
        const key = secrets.value(connection);
        if (key === undefined)
          throw new Refusal(
            failure(Reason.SecretMissing, "the Secret was removed before its key was loaded"),
          );
        const offered = offerFor(connection, charon.algorithms);
        if (!offered.ok) throw new Refusal(offered.failure);
        const { message, omitted } = offered.offer;
        return { ...(await queue.before(charon.load(connection, key, message))), omitted };
      }),
      initiateIke: call<{ connectionName: string }>("charon.initiate", ({ connectionName }) =>
        queue.before(charon.initiate(connectionName)),
      ),
      terminateIke: call<Selection>("charon.terminate", ({ uniqueIds }) =>
        each(uniqueIds, (id) => charon.terminateIkeSa(id)),
      ),
      endSurplus: call<SurplusSas>("charon.terminate", async ({ ikeSas, childSas }) => {
        await each(ikeSas, (id) => charon.terminateIkeSa(id));
        await each(childSas, (id) => charon.terminateChildSa(id));
      }),
      withdrawKey: call<{ connectionName: string }>("charon.withdrawKey", ({ connectionName }) =>
        charon.withdrawKey(connectionName),
      ),
      unload: call<{ connectionName: string }>("charon.unload", ({ connectionName }) =>
        charon.unload(connectionName),
      ),
    },
  });
}

interface Selection {
  readonly uniqueIds: readonly string[];
}

function childLogic(ports: ConnectionPorts) {
  const { charon, queue } = ports;
  const call = effect(ports);
  return childMachine.provide({
    actors: {
      initiate: call<InitiateOrder>("charon.initiate", ({ connectionName, names }) =>
        each(names, (name) => queue.before(charon.initiate(connectionName, name))),
      ),
      terminate: call<Selection>("charon.terminate", ({ uniqueIds }) =>
        each(uniqueIds, (id) => charon.terminateChildSa(id)),
      ),
      rekey: call<Selection>("charon.rekey", ({ uniqueIds }) =>
        each(uniqueIds, (id) => charon.rekeyChildSa(id)),
      ),
    },
  });
}

async function each(ids: readonly string[], run: (id: string) => Promise<void>): Promise<void> {
  for (const id of ids) await run(id);
}
