import { connectionSpec, psk, secret } from "../../lab/sites/manifests.ts";
import { beatOf } from "../../src/machines/connection/elsewhere.ts";
import type { ConnectionStatus } from "../../src/model/status/status.ts";
import { statusOf } from "../../src/runtime/status/status.ts";
import { resourceOf, World } from "../simulator/world.ts";
import { pass } from "./fixtures.ts";

const paths = [{ name: "main" }, { name: "backup", nodeName: "node-b" }];

/** The groups of the two agents. */
export const groups = ["node:node-a", "node:node-b"] as const;

/** Two agents with a path of one connection each, which hear each other. */
export class TwoAgents implements AsyncDisposable {
  readonly a: World;
  readonly b: World;
  readonly declared = connectionSpec("site", { nodeName: "node-a", paths });

  /** @param older connections that only the second agent has */
  constructor(...older: ReturnType<typeof connectionSpec>[]) {
    const manifests = [secret({ site: psk }), this.declared];
    const [a, b] = groups.map((groupId, i) => {
      const own = (i === 0 ? [] : older).concat(manifests as typeof older).map(resourceOf);
      return new World(own, {}, { place: { scope: "cluster", groupId } });
    }) as [World, World];
    this.a = a;
    this.b = b;
  }

  async start(): Promise<void> {
    await Promise.all([this.a.start(), this.b.start()]);
    await pass(200);
    for (const { supervisor } of [this.a, this.b])
      supervisor.roots.get("site")?.send({ type: "peers.known" });
    await this.pass(3_000);
  }

  /** Passes time, in which the agents exchange their reports. */
  async pass(milliseconds: number): Promise<void> {
    for (let passed = 0; passed < milliseconds; passed += 100) {
      await pass(100);
      this.#report(this.a, this.b, groups[0]);
      this.#report(this.b, this.a, groups[1]);
    }
  }

  get statuses(): [ConnectionStatus, ConnectionStatus] {
    return [this.a, this.b].map(({ supervisor }) => statusOf(supervisor).connections[0]) as [
      ConnectionStatus,
      ConnectionStatus,
    ];
  }

  #report(from: World, to: World, group: string): void {
    const root = from.supervisor.roots.get("site");
    const beat = root && beatOf(root.getSnapshot().context);
    if (beat !== undefined)
      to.supervisor.roots.get("site")?.send({ type: "beat.heard", group, beat });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.a[Symbol.asyncDispose]();
    await this.b[Symbol.asyncDispose]();
  }
}
