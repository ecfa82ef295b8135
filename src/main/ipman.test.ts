import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { commands } from "./commands.ts";
import type { ListedCommand } from "./options/command.ts";

const root = join(import.meta.dirname, "../..");
const bin = join(root, "bin");
const programs = readdirSync(bin).filter((name) => !name.endsWith(".js"));

/** A Node that pretends to be an older one. */
const older = `data:text/javascript,Object.defineProperty(process.versions,"node",{value:"20.1.0"})`;

function ipman(...args: string[]) {
  const env = { PATH: process.env["PATH"], HOME: "/nonexistent", NODE_COMPILE_CACHE: tmpdir() };
  const options = { encoding: "utf8", env, timeout: 60_000 } as const;
  return spawnSync(process.execPath, [join(bin, "ipman"), ...args], options);
}

describe("the programs", () => {
  for (const name of programs) {
    it(`name the required version of Node: ${name}`, () => {
      const args = ["--import", older, join(bin, name), "--help"];
      const { stderr, status } = spawnSync(process.execPath, args, { encoding: "utf8" });
      assert.equal(stderr, "ipman needs Node 24.12 or later, and this is 20.1.0\n");
      assert.equal(status, 2);
    });
  }

  it("end without an error when their reader has closed the pipe", () => {
    const command = `'${process.execPath}' '${join(bin, "ipman")}' crds | head -c 1`;
    const { stdout, stderr } = spawnSync("bash", ["-c", command], { encoding: "utf8" });
    assert.deepEqual([stdout.length, stderr], [1, ""]);
  });
});

describe("ipman", () => {
  it("prints its version", () => {
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    assert.equal(ipman("--version").stdout, `${version}\n`);
  });

  it("prints its commands, with status 2 if none is named", () => {
    const { stdout, status } = ipman("--help");
    assert.equal(status, 0);
    for (const [name, { summary }] of Object.entries<ListedCommand>(commands))
      assert.match(stdout, new RegExp(`^  ${name} +${summary.slice(0, 20)}`, "m"));
    assert.equal(ipman().status, 2);
  });

  it("prints the same help for help COMMAND and COMMAND --help, with the summary of the list", () => {
    const { stdout, status } = ipman("help", "diagnose");
    assert.equal(stdout, ipman("diagnose", "--help").stdout);
    assert.equal(status, 0);
    const summary = commands.diagnose.summary.slice(1);
    assert.match(stdout, new RegExp(`^Usage: ipman diagnose .*\\n\\nF${summary}\\.\\n`));
  });

  it("prints the custom resource definitions without anchors", () => {
    const { stdout, status } = ipman("crds");
    assert.equal(status, 0);
    assert.doesNotMatch(stdout, /[&*]a\d/);
    assert.match(stdout, /kind: CustomResourceDefinition/);
  });

  for (const [args, message] of [
    ["stauts", "ipman: unknown command 'stauts' (Did you mean status?)"],
    ["help stauts", "ipman: unknown command 'stauts' (Did you mean status?)"],
    ["stauts --help", "ipman: unknown command 'stauts' (Did you mean status?)"],
    ["stauts --wach -h", "ipman: unknown command 'stauts' (Did you mean status?)"],
    ["constructor", "ipman: unknown command 'constructor'"],
    ["status --wach", "ipman status: unknown option '--wach' (Did you mean --watch?)"],
    ["status extra", /^ipman status: too many arguments for 'status'/],
    ["crds extra", /^ipman crds: too many arguments for 'crds'/],
    ["describe", "ipman describe: missing required argument 'connection'"],
    ["diagnose a b c", /^ipman diagnose: too many arguments/],
    ["status -o xml", 'ipman status: --output must be text, json or yaml, not "xml"'],
    ["run", "ipman run: missing required argument 'folder'"],
    ["run /nonexistent", "ipman run: /nonexistent is not a folder"],
    ["run / --log loud", /^ipman run: --log must be trace, .* or silent, not "loud"$/],
    ["run / --metrics :99999", /^ipman run: --metrics must be off, or host:port with a port up to/],
    ["run / --vxlan-port 0", /^ipman run: --vxlan-port must be a whole number from 1 to 65535/],
    ["run / --fabric 10.0.0.0/31", /^ipman run: --fabric must be a network with room/],
    ["attach", "ipman attach: --netns is required, unless the command has --self"],
    ["attach --netsn a", "ipman attach: unknown option '--netsn' (Did you mean --netns?)"],
    ["attach a", /^ipman attach: too many arguments/],
    ["agent", "ipman agent: one group is required: --group NAMESPACE/NAME or --node NODE"],
    ["agent --node a", /^ipman agent: no API server is known: this is not a pod, and there is/],
    ["operator", "ipman operator: required option '--ipman-image <image>' not specified"],
    [
      "operator --ipman-image=a --charon-image=b --legacy-charon-image=c",
      /^ipman operator: no API server is known: .*; name a kubeconfig by --kubeconfig FILE$/,
    ],
    [
      "operator --ipman-image=a --charon-image=b --legacy-charon-image=c --kubeconfig /nonexistent",
      "ipman operator: --kubeconfig /nonexistent: no such file or folder",
    ],
    [
      "completion tcsh",
      /^ipman completion: "tcsh" is not a shell with completion: bash, zsh, fish$/,
    ],
  ] as const) {
    it(`explains what is wrong with "${args}"`, () => {
      const { stdout, stderr, status } = ipman(...args.split(" "));
      const [first = "", hint = "", ...rest] = stderr.split("\n");
      if (typeof message === "string") assert.equal(first, message);
      else assert.match(first, message);
      assert.match(hint, /^see "ipman( \w+)? --help"$/);
      assert.deepEqual([rest, stdout, status], [[""], "", 2]);
    });
  }

  it("escapes arguments that control a terminal in its messages", () => {
    assert.match(ipman("\u001b[2J").stderr, /^ipman: unknown command '\\x1b\[2J'\n/);
  });

  it("names the runtime that does not answer", () => {
    const { stderr, status } = ipman(
      "attach",
      "--netns=a",
      "--connection=b",
      "--child=c",
      "--state=/x",
    );
    assert.match(stderr, /^ipman attach: ipman does not answer on \/x\/control\.sock/);
    assert.equal(status, 1);
  });
});
