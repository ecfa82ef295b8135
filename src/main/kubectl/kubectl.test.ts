import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, before, beforeEach, describe, it } from "node:test";
import { digestOf } from "../../model/api/group.ts";
import { label } from "../../model/kubernetes/labels.ts";

const plugin = join(import.meta.dirname, "../../../bin/kubectl-ipman");

const connection = { spec: { name: "partner", nodeName: "node-a" } };
const labels = { [label.groupId]: digestOf(["node:node-a"]) };
const agent = (namespace: string) => ({ metadata: { namespace, name: "agent", labels } });
const agents = { items: [agent("ipman-system")] };
const claims = { items: [agent("tenant"), agent("ipman-system")] };
const onTwo = {
  spec: {
    name: "partner",
    nodeName: "node-a",
    paths: [{ name: "main" }, { name: "backup", nodeName: "node-b" }],
  },
};
const agentOn = (node: string, readyReplicas: number) => ({
  metadata: {
    namespace: "ipman-system",
    name: `agent-${node}`,
    labels: { [label.groupId]: digestOf([`node:${node}`]) },
  },
  status: { readyReplicas },
});
const report = {
  at: 0,
  charon: { state: "ready" },
  connections: [
    { id: "partner", state: "established", since: 0, conditions: [], children: [], problems: [] },
  ],
  problems: [],
  traffic: {},
};
const klog = 'E1127 00:25:25.123456   12345 memcache.go:265] "Unhandled Error" err="refused"';

/** A kubectl for the calls of the plugin, which records its arguments in $CALLS. */
const kubectl = `#!/bin/sh
echo "$@" >>"$CALLS"
while :; do case "$1" in --*) shift ;; *) break ;; esac; done
case "$1 $2" in
"get ipsecconnection")
  if [ "$3" = missing ]; then echo '${klog}' >&2; echo 'Error: "missing" not found' >&2; exit 1; fi
  if [ -n "$ON_TWO" ]; then echo "$ON_TWO"; else echo '${JSON.stringify(connection)}'; fi ;;
"get ipsecconnections") echo '{"items":[]}' ;;
"get deployments")
  if [ -n "$AGENTS" ]; then echo "$AGENTS"; exit 0; fi
  case "$3 $CLAIMED" in
  "-A yes") echo '${JSON.stringify(claims)}' ;;
  "-n "*) if [ "$4" = elsewhere ]; then echo '{"items":[]}'; else echo '${JSON.stringify(agents)}'; fi ;;
  *) echo '${JSON.stringify(agents)}' ;;
  esac ;;
"get pods") echo '{"items":[]}' ;;
logs*)
  case "$*" in *charon*) echo '2026-11-24T14:00:02.000Z 10[IKE] <partner|3> initiating IKE_SA' ;; esac
  case "$*" in *=agent*) echo '2026-11-24T14:00:01.000Z {"level":30,"connection":"partner","msg":"negotiating"}' ;; esac ;;
exec*)
  case "$*" in *"deployment/$AWAY "*) echo 'Error: the pod is not found' >&2; exit 1 ;; esac
  case "$*" in
  *--watch*) echo '${JSON.stringify(report)}'; exec sleep 60 ;;
  *status*) echo '${JSON.stringify(report)}' ;;
  *)
    printf 'peer\\tZ\\303\\274rich\\n\\033]0;title\\007\\n'
    { printf '\\302\\233 2J\\n'; echo '${klog}'; echo 'command terminated with exit code 3'; } >&2
    exit 3 ;;
  esac ;;
esac
`;

describe("kubectl ipman", () => {
  let folder: string;
  let calls: string;
  let env: NodeJS.ProcessEnv;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "kubectl-"));
    calls = join(folder, "calls");
    const program = join(folder, "kubectl");
    writeFileSync(program, kubectl);
    chmodSync(program, 0o755);
    const PATH = `${folder}${delimiter}${process.env["PATH"]}`;
    env = { ...process.env, PATH, CALLS: calls };
  });
  beforeEach(() => writeFileSync(calls, ""));
  after(() => rmSync(folder, { recursive: true }));

  function run(args: readonly string[], more: NodeJS.ProcessEnv = {}) {
    const options = { encoding: "utf8", cwd: folder, env: { ...env, ...more } } as const;
    return spawnSync(process.execPath, [plugin, ...args], { ...options, timeout: 60_000 });
  }

  /** Starts a command that does not end by itself; resolves with its output once that matches. */
  async function outputUntil(pattern: RegExp, ...args: string[]): Promise<string> {
    const child = spawn(process.execPath, [plugin, ...args], {
      env,
      stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    try {
      for await (const piece of child.stdout.setEncoding("utf8")) {
        output += String(piece);
        if (pattern.test(output)) return output;
      }
      throw new Error(`it ended: ${output}`);
    } finally {
      child.kill();
      await once(child, "close");
    }
  }

  it("enters no pod of a namespace that claims to have agents beside another", () => {
    const claimed = { CLAIMED: "yes" };
    const { stdout, stderr, status } = run(["describe", "partner"], claimed);
    assert.equal(stdout, "");
    assert.match(stderr, /several namespaces have .+: tenant, ipman-system; name the one .+ by -n/);
    assert.equal(status, 1);
    assert.equal(run(["describe", "partner", "-n", "ipman-system"], claimed).status, 3);
  });

  for (const command of ["describe", "diagnose", "move", "rekey", "restart"]) {
    it(`prints the output of ${command} without control characters and kubectl's noise`, () => {
      const { stdout, stderr, status } = run([command, "partner"]);
      assert.equal(stdout, "peer\tZürich\n\\x1b]0;title\\x07\n");
      assert.equal(stderr, "\\x9b 2J\n");
      assert.equal(status, 3);
    });
  }

  it("reports a failure of kubectl without klog's lines", () => {
    const { stderr, status } = run(["describe", "missing"]);
    assert.match(
      stderr,
      /^kubectl ipman describe: kubectl get ipsecconnection missing .*: Error: "missing" not found\n$/,
    );
    assert.equal(status, 1);
  });

  it("passes kubectl's own options to kubectl, before and after the command", () => {
    const before = ["--context", "lab", "--as=admin", "--as-group=a", "--as-group=b"];
    run([...before, "describe", "partner", "--kubeconfig", "/k", "-n", "ipman-system"]);
    const flags = "--context=lab --kubeconfig=/k --as=admin --as-group=a --as-group=b";
    const lines = readFileSync(calls, "utf8").trim().split("\n");
    assert.equal(lines.length, 3);
    for (const line of lines) assert.ok(line.startsWith(`${flags} `), line);
    assert.match(lines[1] ?? "", / get deployments -n ipman-system /);
  });

  it("passes only the user's options to ipman in the pod", () => {
    run(["diagnose", "partner", "erp", "--ping", "10.0.1.1", "--rekey", "-o", "json"]);
    const last = readFileSync(calls, "utf8").trim().split("\n").at(-1);
    assert.match(
      last ?? "",
      /-- ipman diagnose partner erp --ping 10\.0\.1\.1 --rekey --output json$/,
    );
    run(["diagnose", "partner"]);
    assert.match(readFileSync(calls, "utf8"), /-- ipman diagnose partner\n$/);
  });

  it("asks the agent that has the active path, or else one that is ready", () => {
    const asked = (activePath: string | undefined, ready: readonly number[], command: string) => {
      writeFileSync(calls, "");
      const [a = 1, b = 1] = ready;
      const items = [agentOn("node-b", b), agentOn("node-a", a)];
      const declared = { ...onTwo, status: { activePath } };
      run([command, "partner"], {
        AGENTS: JSON.stringify({ items }),
        ON_TWO: JSON.stringify(declared),
      });
      const lines = readFileSync(calls, "utf8").split("\n");
      return lines.flatMap((line) => /deployment\/(\S+)/.exec(line)?.[1] ?? []);
    };
    for (const command of ["describe", "diagnose", "move"]) {
      assert.deepEqual(asked(undefined, [1, 1], command), ["agent-node-a"]);
      assert.deepEqual(asked("backup", [1, 1], command), ["agent-node-b"]);
      assert.deepEqual(asked("main", [0, 1], command), ["agent-node-b"]);
      assert.deepEqual(asked("main", [0, 0], command), ["agent-node-a"]);
    }
  });

  it("asks no agent without a path of the connection, although the active path was removed", () => {
    const [, backup] = onTwo.spec.paths;
    const spec = { ...onTwo.spec, paths: [backup, { name: "third", nodeName: "node-c" }] };
    const items = ["node-a", "node-b", "node-c"].map((node) => agentOn(node, 1));
    run(["describe", "partner"], {
      AGENTS: JSON.stringify({ items }),
      ON_TWO: JSON.stringify({ spec, status: { activePath: "main" } }),
    });
    assert.match(readFileSync(calls, "utf8"), /deployment\/agent-node-b/);
  });

  it("asks the agent of the active node of a CharonGroup with several, as the labels say which these are", () => {
    const groupRef = { namespace: "vpn", name: "edge" };
    const ofGroup = (node: string, id: string, ready = 1) => {
      const made = agentOn(node, ready);
      const known = { [label.group]: "edge", [label.groupNamespace]: "vpn" };
      const labelled = { ...known, [label.groupId]: digestOf([id]) };
      return { ...made, metadata: { ...made.metadata, labels: labelled } };
    };
    const asked = (spec: object, status: object, a = 1) => {
      writeFileSync(calls, "");
      const items = [
        agentOn("node-c", 1),
        ofGroup("node-b", "vpn/edge@node-b"),
        ofGroup("node-a", "vpn/edge", a),
      ];
      const declared = { spec: { name: "partner", ...spec }, status };
      run(["describe", "partner"], {
        AGENTS: JSON.stringify({ items }),
        ON_TWO: JSON.stringify(declared),
      });
      return /deployment\/(\S+)/.exec(readFileSync(calls, "utf8"))?.[1];
    };
    assert.equal(asked({ groupRef }, { activePath: "main", node: "node-a" }), "agent-node-a");
    assert.equal(asked({ groupRef }, { activePath: "node-b", node: "node-b" }), "agent-node-b");
    assert.equal(asked({ groupRef }, { activePath: "main", node: "node-a" }, 0), "agent-node-b");
    const paths = [
      { name: "one", groupRef, nodeName: "node-a" },
      { name: "two", groupRef, nodeName: "node-b" },
    ];
    assert.equal(asked({ groupRef, paths }, { activePath: "one" }), "agent-node-a");
    assert.equal(asked({ groupRef, paths }, { activePath: "two" }), "agent-node-b");
  });

  it("prints the lines of the agents and charons of every node of a connection", () => {
    const items = [agentOn("node-a", 1), agentOn("node-b", 1)];
    run(["logs", "partner"], {
      AGENTS: JSON.stringify({ items }),
      ON_TWO: JSON.stringify(onTwo),
    });
    const groups = ["node:node-a", "node:node-b"].map((id) => digestOf([id])).join(",");
    const lines = readFileSync(calls, "utf8");
    for (const type of ["agent", "charon"])
      assert.ok(lines.includes(`=${type},${label.groupId} in (${groups})`), lines);
  });

  it("shows the status of the agents that answer, and the failure of the others", () => {
    const items = [agentOn("node-a", 1), agentOn("node-b", 1)];
    const several = { AGENTS: JSON.stringify({ items }), AWAY: "agent-node-a" };
    const { stdout, stderr, status } = run(["status"], several);
    assert.match(stdout, /^CONNECTION .*\npartner +established/);
    assert.match(stderr, /^kubectl ipman status: .*agent-node-a.*the pod is not found/);
    assert.equal(status, 1);
  });

  it("shows the status of all agents, with -A too", () => {
    const { stdout, status } = run(["status", "-A"]);
    assert.match(stdout, /^CONNECTION .*\npartner +established/);
    assert.equal(status, 1);
  });

  it("watches the status", async () => {
    assert.match(
      await outputUntil(/partner/, "status", "-w"),
      /^CONNECTION .*\npartner +established/,
    );
  });

  it("prints and follows the logs of operator, agent and charon, ordered by time", () => {
    const expected =
      "2026-11-24T14:00:01.000  agent     partner negotiating\n" +
      "2026-11-24T14:00:02.000  charon    [IKE] initiating IKE_SA\n";
    assert.equal(run(["logs", "partner"]).stdout, expected);
    assert.doesNotMatch(readFileSync(calls, "utf8"), /--follow/);
    assert.equal(run(["logs", "partner", "-f", "--since", "2h"]).stdout, expected);
    assert.match(readFileSync(calls, "utf8"), /--since=2h .*--follow/);
  });

  it("gathers from the namespace that the user names", () => {
    const archive = join(folder, "out.tar.gz");
    assert.equal(run(["gather", "-n", "elsewhere", "-o", archive]).status, 0);
    assert.match(readFileSync(calls, "utf8"), /get events -n elsewhere/);
    assert.doesNotMatch(readFileSync(calls, "utf8"), /ipman-system/);
    assert.match(execFileSync("tar", ["-tzf", archive], { encoding: "utf8" }), /events\.txt/);
  });

  for (const [args, message] of [
    ["stauts", "kubectl ipman: unknown command 'stauts' (Did you mean status?)"],
    ["-n vpn stauts --help", "kubectl ipman: unknown command 'stauts' (Did you mean status?)"],
    ["logs", "kubectl ipman logs: missing required argument 'connection'"],
    ["restart a b", /^kubectl ipman restart: too many arguments/],
    [
      "status --namspace=a",
      /^kubectl ipman status: unknown option .* \(Did you mean --namespace\?\)$/,
    ],
    ["-A status -n a", "kubectl ipman status: --namespace and --all-namespaces exclude each other"],
    ["inspect a --port x", /^kubectl ipman inspect: --port must be a whole number from 0 to 65535/],
  ] as const) {
    it(`explains what is wrong with "${args}", and calls no kubectl`, () => {
      const { stderr, status } = run(args.split(" "));
      const [first = ""] = stderr.split("\n");
      if (typeof message === "string") assert.equal(first, message);
      else assert.match(first, message);
      assert.equal(status, 2);
      assert.equal(readFileSync(calls, "utf8"), "");
    });
  }
});
