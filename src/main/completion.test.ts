import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { completableNames } from "./completion.ts";

const bin = join(import.meta.dirname, "../../bin/ipman");
const script = (shell: string) =>
  execFileSync(process.execPath, [bin, "completion", shell], { encoding: "utf8" });
/** Names that run a command, or end a word, where a shell expands them. */
const hostile = ["$(touch HIT)", "`touch HIT`", "a b", "$HOME", "x;touch HIT", "'q", "*"];
const [forBash, forZsh] = [script("bash"), script("zsh")];

/** `ipman completion connections`, as it is where two connections run. */
const offering = (...names: string[]) =>
  `ipman() { printf '%s\\n' ${names.map((name) => `'${name.replaceAll("'", String.raw`'\''`)}'`).join(" ")}; }`;
let runtime = offering("partner", "bank");

/** What bash offers for the last of these words. */
function offeredByBash(...words: string[]): string[] {
  const quoted = words.map((word) => `'${word}'`).join(" ");
  const text = `${forBash}
${runtime}
compopt() { :; }
COMP_WORDS=(ipman ${quoted}); COMP_CWORD=${words.length}
_ipman
printf '%s\\n' "\${COMPREPLY[@]}"`;
  return lines(execFileSync("bash", ["-c", text], { encoding: "utf8", cwd: join(bin, "../..") }));
}

/** What zsh's own completion would be given. */
function offeredByZsh(...words: string[]): string[] {
  const quoted = words.map((word) => `'${word}'`).join(" ");
  const text = `compdef() { :; }
compadd() { shift; print -l -- "$@"; }
_describe() { print -l -- "\${(P@)2}"; }
_files() { print -l -- FILES; }
${runtime}
${forZsh}
words=(ipman ${quoted}); CURRENT=${words.length + 1}
_ipman`;
  return lines(execFileSync("zsh", ["-f", "-c", text], { encoding: "utf8" }));
}

const lines = (text: string) => text.split("\n").filter((line) => line !== "");

describe("completion", () => {
  it("offers bash commands, their options, connections and files", () => {
    assert.deepEqual(offeredByBash("re"), ["rekey", "restart"]);
    assert.deepEqual(offeredByBash("inspect", "--e"), ["--events"]);
    assert.deepEqual(offeredByBash("restart", "p"), ["partner"]);
    assert.deepEqual(offeredByBash("run", "char"), ["charts"]);
    assert.deepEqual(offeredByBash("status", "char"), []);
  });

  it("runs nothing that a name has, and offers it quoted, should one be offered", () => {
    const folder = mkdtempSync(join(tmpdir(), "completion-"));
    runtime = `cd ${folder}; ${offering(...hostile)}`;
    try {
      const offered = offeredByBash("restart", "");
      assert.ok(offered.includes(String.raw`\$\(touch\ HIT\)`), offered.join());
      assert.ok(offered.includes(String.raw`a\ b`));
      assert.equal(offered.filter((word) => !word.startsWith("--")).length, hostile.length);
      assert.deepEqual(offeredByZsh("restart", "").slice(-hostile.length), hostile);
      assert.ok(!existsSync(join(folder, "HIT")));
    } finally {
      runtime = offering("partner", "bank");
      rmSync(folder, { recursive: true });
    }
  });

  it("is offered names of objects alone", () => {
    const connections = [...hostile, "partner", "../../etc", "-rf"].map((id) => ({ id }));
    assert.deepEqual(completableNames({ connections } as never), ["partner"]);
  });

  it("offers zsh the same", () => {
    assert.ok(offeredByZsh("").includes("rekey:have CHILD SAs rekeyed now"));
    assert.ok(offeredByZsh("inspect", "").includes("--events"));
    assert.deepEqual(offeredByZsh("restart", "").slice(-2), ["partner", "bank"]);
    assert.equal(offeredByZsh("run", "").at(-1), "FILES");
    assert.ok(!offeredByZsh("status", "").includes("FILES"));
  });
});
