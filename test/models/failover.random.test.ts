import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { FailoverInput, PathDecision } from "../../src/machines/failover/failover-types.ts";
import { FailoverHarness, minute, second } from "./failover-harness.ts";

const names = ["a", "b", "c", "d"] as const;

/** How a peer reacts to a path that is dialled; one that dials does so for each path that is down. */
type Peer = "answers" | "dials" | "refuses" | "keeps silent";

type Command =
  | { readonly kind: "peer"; readonly path: string; readonly peer: Peer }
  /** All peers react in that way. */
  | { readonly kind: "peers"; readonly peer: Peer }
  /** The peer ends the SAs of a path, or refuses something, such as a rekey. */
  | { readonly kind: "ends" | "refuses"; readonly path: string }
  | { readonly kind: "lost" | "ready" }
  /** No host answers behind a path, or behind any, or one does. */
  | { readonly kind: "mutes" | "unmutes"; readonly path: string | undefined }
  | { readonly kind: "move"; readonly path: string | undefined }
  | { readonly kind: "declares"; readonly declaration: Declaration }
  | { readonly kind: "passes"; readonly seconds: number };

type Declaration = Pick<FailoverInput, "paths" | "warm" | "settings">;

/** The most decisions a minute while all paths are dead. */
const mostDecisions = (paths: number) => paths + 3;

/** The events of this world happen at the begin of a slice; milliseconds. */
const slice = 500;

/** Peers, charon and a user around a failover, and the invariants that hold all the time. */
class World {
  readonly #failover: FailoverHarness;
  readonly #peers = new Map<string, Peer>();
  /** The paths with SAs in the kernel, and since when the failover has known them to be up. */
  readonly #up = new Map<string, number>();
  #declaration: Declaration;
  #isReady = true;
  #last: PathDecision | undefined;
  readonly #ready = new Set<string>();
  /** The paths behind which no host answers. */
  readonly #muted = new Set<string>();
  /** The verdict about the active path that was sent last, and since when that path is active and up. */
  #judged = { path: "", since: 0, silent: false };
  /** The times of the decisions while all paths were dead and the user did nothing. */
  #decidedDead: number[] = [];

  constructor(declaration: Declaration) {
    this.#declaration = declaration;
    this.#failover = new FailoverHarness({ ...declaration });
    this.#check(undefined);
  }

  get active(): string {
    return this.#failover.snapshot.context.active;
  }

  run(command: Command): void {
    switch (command.kind) {
      case "peer":
        return this.#setPeer(command.path, command.peer);
      case "peers":
        return names.forEach((path) => this.#setPeer(path, command.peer));
      case "ends":
        return this.#end(command.path);
      case "refuses":
        if (this.#isReady) this.#send({ type: "path.failed", path: command.path });
        return undefined;
      case "lost":
        return this.#lose();
      case "ready":
        return this.#return();
      case "mutes":
      case "unmutes":
        return this.#setMuted(command.path, command.kind === "mutes");
      case "move": {
        const { path } = command;
        return this.#send(path === undefined ? { type: "move" } : { type: "move", path });
      }
      case "declares":
        return this.#declare(command.declaration);
      case "passes":
        return this.pass(command.seconds * second);
    }
  }

  pass(milliseconds: number): void {
    for (let passed = 0; passed < milliseconds; passed += slice) {
      this.#react();
      const { active } = this;
      this.#failover.pass(slice, slice);
      this.#check(active);
    }
  }

  #react(): void {
    if (!this.#isReady) return;
    this.#judge();
    for (const path of this.#declaration.paths) {
      this.#dial(path);
      const { active, dialled } = this.#failover.snapshot.context;
      const isDialled = path === active || path === dialled;
      const peer = this.#peerOf(path);
      if (this.#up.has(path)) continue;
      if (peer === "dials" || (peer === "answers" && isDialled)) this.#establish(path);
      else if (peer === "refuses" && isDialled) this.#send({ type: "path.failed", path });
    }
  }

  /** Keeps the IKE SA of a path that is warm or up. */
  #dial(path: string): void {
    const peer = this.#peerOf(path);
    const answers = peer === "answers" || peer === "dials";
    const isReady = this.#up.has(path) || (answers && this.#declaration.warm.includes(path));
    if (isReady === this.#ready.has(path)) return;
    if (isReady) this.#ready.add(path);
    else this.#ready.delete(path);
    this.#send({ type: isReady ? "path.ready" : "path.unready", path });
  }

  /** Sends a verdict about the active path when it changes, not before it is up for a second. */
  #judge(): void {
    const { now } = this.#failover;
    const { active: path } = this;
    const upSince = this.#up.get(path);
    if (upSince === undefined || path !== this.#judged.path)
      this.#judged = { path, since: now, silent: false };
    if (upSince === undefined || now - Math.max(upSince, this.#judged.since) < second) return;
    const silent = this.#muted.has(path);
    if (silent === this.#judged.silent) return;
    this.#judged = { ...this.#judged, silent };
    this.#send({ type: silent ? "path.silent" : "path.answers", path });
  }

  #setMuted(path: string | undefined, muted: boolean): void {
    for (const one of path === undefined ? names : [path])
      if (muted) this.#muted.add(one);
      else this.#muted.delete(one);
  }

  #peerOf(path: string): Peer {
    return this.#peers.get(path) ?? "answers";
  }

  #setPeer(path: string, peer: Peer): void {
    this.#peers.set(path, peer);
    if (peer === "refuses" || peer === "keeps silent") this.#end(path);
  }

  #establish(path: string): void {
    this.#up.set(path, this.#failover.now);
    this.#send({ type: "path.up", path });
  }

  /** Without charon, the end of SAs is found when it is back. */
  #end(path: string): void {
    if (this.#up.delete(path) && this.#isReady) this.#send({ type: "path.down", path });
  }

  #lose(): void {
    if (!this.#isReady) return;
    this.#isReady = false;
    this.#send({ type: "charon.lost" });
  }

  #return(): void {
    if (this.#isReady) return;
    this.#isReady = true;
    for (const path of this.#up.keys()) this.#up.set(path, this.#failover.now);
    for (const path of this.#up.keys()) this.#failover.up(path);
    for (const path of this.#ready) this.#failover.ready(path);
    this.#send({ type: "charon.ready" });
  }

  #declare(declaration: Declaration): void {
    this.#declaration = declaration;
    for (const path of this.#up.keys()) {
      if (!declaration.paths.includes(path)) this.#up.delete(path);
    }
    for (const path of this.#ready) if (!declaration.paths.includes(path)) this.#ready.delete(path);
    this.#send({ type: "paths.declared", ...declaration });
  }

  #send(event: Parameters<FailoverHarness["send"]>[0]): void {
    const { active } = this;
    if (event.type !== "path.failed") this.#decidedDead = [];
    this.#failover.send(event);
    this.#check(active, event.type === "charon.ready");
  }

  /**
   * @param before the path that was active before the step
   * @param isResumed whether the decision is sent even if it is the last one
   */
  #check(before: string | undefined, isResumed = false): void {
    const { active, dialled } = this.#failover.snapshot.context;
    const { paths } = this.#declaration;
    const decisions = this.#failover.decisions.splice(0);
    for (const decision of decisions) {
      const { active, dialled } = this.#last ?? {};
      assert.ok(
        isResumed || decision.active !== active || decision.dialled !== dialled,
        `${decision.active} is decided twice`,
      );
      this.#last = decision;
    }
    assert.ok(paths.includes(active), `${active} is not declared`);
    this.#checkPace(decisions.length);
    if (!this.#isReady) return;
    assert.deepEqual({ ...this.#last, active, dialled }, this.#last, "the decision is not sent");
    this.#checkHealth(before, decisions);
  }

  #checkPace(decisions: number): void {
    const { now } = this.#failover;
    if (this.#up.size > 0 || !this.#isReady) this.#decidedDead = [];
    else for (let count = 0; count < decisions; count++) this.#decidedDead.push(now);
    this.#decidedDead = this.#decidedDead.filter((at) => at > now - minute);
    const most = mostDecisions(this.#declaration.paths.length);
    assert.ok(this.#decidedDead.length <= most, `at ${this.#decidedDead.join(", ")}`);
  }

  #checkHealth(before: string | undefined, decisions: readonly PathDecision[]): void {
    const { active, now } = { active: this.active, now: this.#failover.now };
    const isLong = (since: number) => since <= now - 15 * second;
    if ([...this.#up.values()].some(isLong))
      assert.ok(this.#up.has(active), `${active} is active, and others are up`);
    if (before === undefined || before === active || !this.#up.has(before)) return;
    // It may have been down between the events of a step: `#up` is that of its end.
    const cause = decisions.at(-1)?.cause;
    const mayLeave = ["move", "failback", "unreachable"].includes(cause ?? "");
    assert.ok(mayLeave, `${before} was up: ${cause}`);
  }
}

const paths = fc
  .shuffledSubarray([...names], { minLength: 2 })
  .map((shuffled) => shuffled as readonly string[]);
const declarations: fc.Arbitrary<Declaration> = fc.record({
  paths,
  warm: fc.shuffledSubarray([...names]),
  settings: fc.record({
    holdSeconds: fc.integer({ min: 1, max: 20 }),
    failback: fc.constantFrom("planned", "planned", "never"),
  }),
});
const path = fc.constantFrom(...names);
const peer = fc.constantFrom<Peer>("answers", "dials", "refuses", "keeps silent");
const passes = fc.record({
  kind: fc.constant("passes" as const),
  seconds: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 20, max: 300 })),
});

const commands: fc.Arbitrary<Command> = fc.oneof(
  { weight: 5, arbitrary: passes },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("peer" as const), path, peer }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("peers" as const), peer }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom("ends", "refuses"), path }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom("lost", "ready") }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom("mutes", "unmutes"),
      path: fc.option(path, { nil: undefined, freq: 3 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("move" as const),
      path: fc.option(path, { nil: undefined }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("declares" as const), declaration: declarations }),
  },
);

describe("after any sequence of faults, moves and declarations", () => {
  it("a failover has kept its invariants, and the preferred path is active after the hold", () => {
    const runs = fc.tuple(
      declarations,
      fc.array(commands, { maxLength: 60, size: "max" }),
      declarations,
      fc.constantFrom<Peer>("answers", "dials"),
    );
    fc.assert(
      fc.property(runs, ([first, run, last, peer]) => {
        const world = new World(first);
        for (const command of run) world.run(command);
        world.run({ kind: "ready" });
        world.run({ kind: "declares", declaration: last });
        world.run({ kind: "peers", peer });
        world.run({ kind: "unmutes", path: undefined });
        // The attempts at dead paths, and then the longest hold.
        world.pass(2 * minute + 64 * last.settings.holdSeconds * second);
        const [preferred] = last.paths;
        if (last.settings.failback === "planned") assert.equal(world.active, preferred);
      }),
      { numRuns: 300 },
    );
  });
});
