import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { bashScript, fishScript, zshScript } from "./scripts.ts";

const root = join(import.meta.dirname, "../../..");

/** Names that run a command, or end a word, if a shell expands them. */
const hostile = ["$(touch HIT)", "`touch HIT`", "a b", "$HOME", "x;touch HIT", "'q", "*"];

const quoted = (word: string) => `'${word.replaceAll("'", String.raw`'\''`)}'`;
const lines = (text: string) => text.split("\n").filter((line) => line !== "");

/** An `ipman` that answers with these lines. */
const answering = (answer: readonly string[]) =>
  `ipman() { printf '%s\\n' ${answer.map(quoted).join(" ")}; }`;

function run(shell: string, args: string[], text: string, cwd: string): string[] {
  return lines(execFileSync(shell, [...args, "-c", text], { encoding: "utf8", cwd }));
}

const shells = {
  bash: (answer: readonly string[], words: readonly string[], cwd = root) =>
    run(
      "bash",
      [],
      `${bashScript}
${answering(answer)}
compopt() { :; }
COMP_WORDS=(ipman ${words.map(quoted).join(" ")}); COMP_CWORD=${words.length}
_ipman
printf '%s\\n' "\${COMPREPLY[@]}"`,
      cwd,
    ),
  zsh: (answer: readonly string[], words: readonly string[], cwd = root) =>
    run(
      "zsh",
      ["-f"],
      `compdef() { :; }
_describe() { print -l -r -- "\${(P@)2}"; }
_files() { print -l -- FILES "$@"; }
${answering(answer)}
${zshScript}
words=(ipman ${words.map(quoted).join(" ")}); CURRENT=${words.length + 1}
_ipman`,
      cwd,
    ),
  fish: (answer: readonly string[], words: readonly string[], cwd = root) =>
    run(
      "fish",
      ["--no-config"],
      `function ipman; printf '%s\\n' ${answer.map((line) => `'${line.replaceAll(/[\\']/g, String.raw`\$&`)}'`).join(" ")}; end
${fishScript}
complete -C 'ipman ${words.join(" ")}'`,
      cwd,
    ),
};

describe("the completion scripts", () => {
  it("offer what ipman answers", () => {
    const answer = ["rekey\trekey now", "restart", ":4"];
    assert.deepEqual(shells.bash(answer, ["re"]), ["rekey", "restart"]);
    assert.deepEqual(shells.zsh(answer, ["re"]), ["rekey:rekey now", "restart"]);
    assert.deepEqual(shells.fish(answer, ["re"]), ["rekey\trekey now", "restart"]);
  });

  it("offer files and folders if ipman answers with that directive", () => {
    assert.deepEqual(shells.bash([":0"], ["validate", "READ"]), ["README.md"]);
    assert.deepEqual(shells.bash([":16"], ["run", "char"]), ["charts"]);
    assert.deepEqual(shells.bash([":4"], ["status", "char"]), []);
    assert.deepEqual(shells.zsh([":0"], ["validate", ""]), ["FILES"]);
    assert.deepEqual(shells.zsh([":16"], ["run", ""]), ["FILES", "-/"]);
    assert.deepEqual(shells.fish([":0"], ["validate", "READ"]), ["README.md"]);
    assert.deepEqual(shells.fish([":16"], ["run", "char"]), ["charts/\tDirectory"]);
  });

  it("do not run commands in names", () => {
    const folder = mkdtempSync(join(tmpdir(), "completion-"));
    try {
      const answer = [...hostile, ":4"];
      const fromBash = shells.bash(answer, ["restart", ""], folder);
      assert.ok(fromBash.includes(String.raw`\$\(touch\ HIT\)`), fromBash.join());
      assert.ok(fromBash.includes(String.raw`a\ b`));
      assert.equal(fromBash.length, hostile.length);
      assert.deepEqual(shells.zsh(answer, ["restart", ""], folder), hostile);
      assert.equal(shells.fish(answer, ["restart", ""], folder).length, hostile.length);
      assert.ok(!existsSync(join(folder, "HIT")));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("pass the words up to the cursor to ipman", () => {
    const text = `${bashScript}
ipman() { '${process.execPath}' '${join(root, "bin/ipman")}' "$@"; }
COMP_WORDS=(ipman run --log = de more); COMP_CWORD=4
_ipman
printf '%s\\n' "\${COMPREPLY[@]}"`;
    assert.deepEqual(run("bash", [], text, root), ["debug"]);
  });
});
