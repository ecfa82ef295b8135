import type { Connection } from "../../src/model/api/connection.ts";
import { pathConnections } from "../../src/model/api/path.ts";
import type { IkeSa } from "../../src/model/charon/sa.ts";
import { childSa, ikeSa } from "./fixtures.ts";

/** A charon with a peer that answers, unless a test changes that. */
export class FakeCharon {
  sas: IkeSa[] = [];
  answers = true;
  readonly #connection: Connection;
  readonly #hasAddress: () => boolean;
  #next = 1;

  constructor(connection: Connection, hasAddress: () => boolean) {
    this.#connection = connection;
    this.#hasAddress = hasAddress;
  }

  initiate(name: string, children: readonly string[]): void {
    const byPath = pathConnections(this.#connection).find((one) => one.connection.name === name);
    if (!this.answers || !this.#hasAddress() || byPath === undefined) return;
    const { connection } = byPath;
    const known = this.sas.find((sa) => sa.connection === name);
    const { remoteAddr: remoteHost } = connection;
    const base =
      known ?? ikeSa({ connection: name, uniqueId: this.#id(), remoteHost, children: [] });
    const made = connection.children
      .filter((child) => children.includes(child.name))
      .map(({ name: child, ifId }) =>
        childSa({ name: child, ifId, remoteHost, uniqueId: this.#id() }),
      );
    const sa = { ...base, children: [...base.children, ...made] };
    this.sas = [...this.sas.filter((other) => other !== known), sa];
  }

  terminate(uniqueIds: readonly string[]): void {
    if (uniqueIds.length === 0) return;
    this.sas = this.sas
      .filter(({ uniqueId }) => !uniqueIds.includes(uniqueId))
      .map((sa) => ({
        ...sa,
        children: sa.children.filter(({ uniqueId }) => !uniqueIds.includes(uniqueId)),
      }));
  }

  #id(): string {
    return String(this.#next++);
  }
}
