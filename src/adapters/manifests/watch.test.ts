import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { filter, firstValueFrom, ReplaySubject, timeout } from "rxjs";
import type { Snapshot } from "../../model/api/resource.ts";
import { watchFolder } from "./watch.ts";

const document = (name: string) =>
  `apiVersion: v1\nkind: Secret\nmetadata: {name: ${name}, namespace: default}\n`;

/** A watched folder, with a method that waits for its contents. */
class Watched implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), "manifests-"));
  readonly #seen = new ReplaySubject<Snapshot>(1);
  readonly #subscription = watchFolder(this.folder).subscribe(this.#seen);

  path(name: string): string {
    return join(this.folder, name);
  }

  write(name: string, text: string): void {
    writeFileSync(this.path(name), text);
  }

  /** Waits until exactly these Secrets are declared, with this many problems. */
  declares(keys: readonly string[], problems = 0): Promise<Snapshot> {
    const wanted = keys.map((key) => `default/${key}`).join();
    return firstValueFrom(
      this.#seen.pipe(
        filter((snapshot) => snapshot.resources.map(({ key }) => key).join() === wanted),
        filter((snapshot) => snapshot.problems.length === problems),
        timeout(20_000),
      ),
    );
  }

  [Symbol.dispose](): void {
    this.#subscription.unsubscribe();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

describe("a watched folder", () => {
  it("reports files that are created, changed, renamed into place and deleted", async () => {
    using watched = new Watched();
    await watched.declares([]);
    watched.write("a.yaml", document("one"));
    await watched.declares(["one"]);
    watched.write("a.yaml", document("other"));
    await watched.declares(["other"]);
    watched.write(".b.yaml.new", document("two"));
    watched.write("notes.txt", "not a manifest");
    renameSync(watched.path(".b.yaml.new"), watched.path("b.yaml"));
    await watched.declares(["other", "two"]);
    rmSync(watched.path("a.yaml"));
    await watched.declares(["two"]);
  });

  it("reports a half-written file as a problem", async () => {
    using watched = new Watched();
    watched.write("a.yaml", 'kind: "Secr');
    await watched.declares([], 1);
    watched.write("a.yaml", document("whole"));
    await watched.declares(["whole"]);
  });

  it("reports that it cannot be read, and continues when it is created again", async () => {
    using watched = new Watched();
    watched.write("a.yaml", document("one"));
    await watched.declares(["one"]);
    rmSync(watched.folder, { recursive: true });
    const { problems } = await watched.declares([], 1);
    assert.match(problems[0]?.message ?? "", /ENOENT/);
    mkdirSync(watched.folder);
    watched.write("a.yaml", document("again"));
    await watched.declares(["again"]);
    watched.write("b.yaml", document("more"));
    await watched.declares(["again", "more"]);
  });
});
