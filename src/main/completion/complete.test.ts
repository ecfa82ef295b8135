import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { commands } from "../commands.ts";
import { program as ipman } from "../ipman.ts";
import { program as kubectlProgram } from "../kubectl/main.ts";
import type { Program } from "../options/command.ts";
import { completionOf } from "./complete.ts";
import { offeredConnections, offeredParts, offeredServices, type Names } from "./names.ts";

const names = (values: ReadonlyMap<string, string>): Names => ({
  connections: async () =>
    values.get("--context") === "other" ? ["elsewhere"] : ["partner", "bank"],
  children: async (connection) => (connection === "partner" ? ["erp", "lan"] : []),
  paths: async (connection) => (connection === "partner" ? ["main", "backup"] : []),
  namespaces: async () => ["app"],
  services: async () => ["shop/web", "shop/db"],
});

async function offered(program: Program, words: readonly string[]): Promise<string[]> {
  const { candidates, directive } = await completionOf(program, words, names);
  const found = candidates.map(({ word }) => word);
  return directive === ":4" ? found : [...found, directive];
}

describe("completion", () => {
  for (const [typed, found] of [
    ["re", ["rekey", "restart"]],
    ["help desc", ["describe"]],
    ["restart ", ["partner", "bank"]],
    ["restart p", ["partner"]],
    ["restart partner ", []],
    ["rekey partner ", ["erp", "lan"]],
    ["diagnose --rekey partner l", ["lan"]],
    ["move partner ", ["main", "backup"]],
    ["attach --netns ", ["app"]],
    ["attach --connection partner --child ", ["erp", "lan"]],
    ["inspect --e", ["--events"]],
    ["status -o ", ["text", "json", "yaml"]],
    ["status --output=j", ["--output=json"]],
    ["status --output = y", ["yaml"]],
    ["status --output =", ["text", "json", "yaml"]],
    ["run --log d", ["debug"]],
    ["run --log-format ", ["auto", "text", "json"]],
    ["run --inspect ", ["127.0.0.1:9741", "off"]],
    ["run --vxlan-port ", []],
    ["run ", [":16"]],
    ["run --state ", [":16"]],
    ["validate a.yaml ", [":0"]],
    ["gather --output ", [":0"]],
    ["completion ", ["bash", "zsh", "fish"]],
    ["nothing ", []],
    ["constructor ", []],
    ["constructor --", ["--help"]],
  ] as const) {
    it(`of "ipman ${typed}" is ${found.join(", ") || "nothing"}`, async () => {
      assert.deepEqual(await offered(ipman, typed.split(" ")), found);
    });
  }

  for (const [typed, found] of [
    ["de", ["describe"]],
    ["describe ", ["partner", "bank"]],
    ["-n ipman-system describe --context=other ", ["elsewhere"]],
    ["rekey partner ", ["erp", "lan"]],
    ["diagnose ", ["partner", "bank", "service"]],
    ["diagnose service ", ["shop/web", "shop/db"]],
    ["diagnose service shop/w", ["shop/web"]],
    ["diagnose partner ", ["erp", "lan"]],
    ["rekey service ", []],
    ["logs partner --f", ["--follow"]],
    ["status --all", ["--all-namespaces"]],
    ["status --kubeconfig ", [":0"]],
  ] as const) {
    it(`of "kubectl ipman ${typed}" is ${found.join(", ")}`, async () => {
      assert.deepEqual(await offered(kubectlProgram, typed.split(" ")), found);
    });
  }

  it("describes commands and options", async () => {
    const helpOf = async (...words: string[]) =>
      (await completionOf(ipman, words, names)).candidates.map(({ help }) => help);
    assert.deepEqual(await helpOf("rekey"), [commands.rekey.summary]);
    assert.deepEqual(await helpOf("inspect", "--once"), ["only the current states"]);
  });

  it("is empty if names cannot be looked up", async () => {
    const failing = () => Promise.reject(new Error("nothing answers"));
    const without = () => ({
      connections: failing,
      children: failing,
      paths: failing,
      namespaces: failing,
      services: failing,
    });
    const { candidates } = await completionOf(ipman, ["restart", ""], without);
    assert.deepEqual(candidates, []);
  });

  it("offers only names that objects can have", () => {
    const hostile = ["$(touch HIT)", "a b", "'q", "*", "../../etc", "-rf", ""];
    assert.deepEqual(offeredConnections([...hostile, "partner"]), ["partner"]);
    assert.deepEqual(offeredParts([...hostile, "erp.1"]), ["erp.1"]);
    const services = [...hostile, "a/b/c", "shop/$(touch HIT)", "shop/web"];
    assert.deepEqual(offeredServices(services), ["shop/web"]);
  });
});
