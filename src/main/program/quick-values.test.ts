import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { commands } from "../commands.ts";
import { command } from "../commands/attach.ts";
import type { ListedCommand } from "../options/command.ts";
import { quickValues } from "./quick-values.ts";
import { parseCommand } from "./run-program.ts";

describe("the quick parser of a command line", () => {
  for (const args of [
    [],
    ["--self"],
    ["--netns", "app", "--connection=partner", "--child", "erp", "--pool=a", "--state", "/x"],
    ["--child="],
  ]) {
    it(`returns the same values as commander for "${args.join(" ")}"`, () => {
      assert.deepEqual(quickValues(command.options, args), parseCommand(command, args));
    });
  }

  for (const args of [
    ["--help"],
    ["-h"],
    ["extra"],
    ["--nets", "a"],
    ["--netns"],
    ["--self=yes"],
  ]) {
    it(`leaves "${args.join(" ")}" to commander`, () => {
      assert.equal(quickValues(command.options, args), undefined);
    });
  }
});

describe("the options of all commands", () => {
  it("have unique names in each command", async () => {
    for (const { load } of Object.values<ListedCommand>(commands)) {
      const flags = Object.values((await load()).options).flatMap((option) =>
        option.flags.split(/[ ,]+/).filter((word) => word.startsWith("-")),
      );
      assert.deepEqual(flags, [...new Set(flags)]);
    }
  });
});
