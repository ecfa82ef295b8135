import { existsSync, readdirSync } from "node:fs";
import { askOnce } from "../../adapters/control/client.ts";
import { netnsFolder } from "../../adapters/linux/namespace.ts";
import type { ConnectionStatus, Status } from "../../model/status/status.ts";
import { stateFolder } from "../options/common.ts";
import { controlSocket } from "../options/defaults.ts";
import { longName } from "../options/option.ts";
import { offeredConnections, offeredParts, type Names } from "./names.ts";

/** Names of the runtime on this host, and of its network namespaces. */
export class HostNames implements Names {
  readonly #socket: string;

  /** @param values the texts of the options that the command line has so far */
  constructor(values: ReadonlyMap<string, string>) {
    this.#socket = controlSocket(values.get(longName(stateFolder)) ?? stateFolder.fallback);
  }

  async connections(): Promise<readonly string[]> {
    const { connections } = await this.#status();
    return offeredConnections(connections.map(({ id }) => id));
  }

  async children(connection: string): Promise<readonly string[]> {
    const found = await this.#connection(connection);
    return offeredParts(found?.children.map(({ key }) => key) ?? []);
  }

  async paths(connection: string): Promise<readonly string[]> {
    const found = await this.#connection(connection);
    return offeredParts(found?.paths?.map(({ name }) => name) ?? []);
  }

  async namespaces(): Promise<readonly string[]> {
    return existsSync(netnsFolder) ? readdirSync(netnsFolder) : [];
  }

  async services(): Promise<readonly string[]> {
    return [];
  }

  async #connection(wanted: string): Promise<ConnectionStatus | undefined> {
    const { connections } = await this.#status();
    return connections.find(({ id }) => id === wanted);
  }

  async #status(): Promise<Pick<Status, "connections">> {
    return (await askOnce(this.#socket, { op: "status" })) as Status;
  }
}
