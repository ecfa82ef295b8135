import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, before, beforeEach, describe, it } from "node:test";
import { childSpec, connectionSpec } from "../../../../lab/sites/manifests.ts";
import { digestOf } from "../../../model/api/group.ts";
import { label } from "../../../model/kubernetes/labels.ts";
import { exposedService, sliceObject } from "../../../model/services/services.fixture.ts";

const plugin = join(import.meta.dirname, "../../../../bin/kubectl-ipman");

/** A kubectl that answers from files by kind; a kind without a file is refused, as to a user without rights. */
const kubectl = `#!/bin/sh
echo "$@" >>"$CALLS"
while :; do case "$1" in --*) shift ;; *) break ;; esac; done
case "$1" in get) kind=$2 ;; exec) kind=exec ;; esac
case "$*" in *" --service "*) cat "$ANSWERS/answers"; exit 1 ;; esac
cat "$ANSWERS/$kind" 2>/dev/null || { echo "Error: $kind is forbidden" >&2; echo "to this user" >&2; exit 1; }
`;

const named = { connection: "bank", child: "net", pool: "primary" };
const service = (ip = "10.0.2.10") => {
  const object = exposedService("shop/web", named, ip, { spec: { selector: { app: "web" } } });
  const { status } = object as unknown as { status: object };
  const condition = { type: "ipman.dialo.ai/Ready", status: "True", reason: "Ready", message: "" };
  return { ...object, status: { ...status, conditions: [condition] } };
};
const net = childSpec(2, { name: "net", ip_pools: { primary: ["10.0.2.10-10.0.2.19"] } });
const connection = connectionSpec("bank", { children: { net }, nodeName: "node-a" });
const agent = {
  metadata: {
    namespace: "ipman-system",
    name: "agent-a",
    labels: { [label.groupId]: digestOf(["node:node-a"]) },
  },
};
const described = (localSelectors: readonly string[]) => {
  const exposed = [
    { service: "shop/web", transport: "tcp", address: "10.0.2.10:443", backends: 1 },
  ];
  const child = { key: "net", name: "net", state: "established", gateway: "ready", workers: [] };
  const sas = [{ state: "INSTALLED", localSelectors, remoteSelectors: ["10.1.2.0/24"] }];
  return {
    connection: { id: "bank", children: [{ ...child, services: { exposed, remote: [] } }] },
    actors: [{ title: "bank/net", snapshot: { context: { sas } } }],
  };
};

describe("kubectl ipman, about Services,", () => {
  let folder: string;
  let answers: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "kubectl-"));
    writeFileSync(join(folder, "kubectl"), kubectl);
    chmodSync(join(folder, "kubectl"), 0o755);
  });
  beforeEach(() => {
    answers = mkdtempSync(join(folder, "answers-"));
    answer("service", service());
    answer("endpointslices", {
      items: [sliceObject("shop/web", "web-1", [{ address: "10.244.0.7" }])],
    });
    answer("ipsecconnection", connection);
    answer("deployments", { items: [agent] });
    answer("events", { items: [] });
    answer("exec", described(["10.0.2.0/24"]));
    answer("answers", { check: "answers", verdict: "ok", message: "all accept", child: "net" });
  });
  after(() => rmSync(folder, { recursive: true }));

  function answer(kind: string, value: unknown) {
    writeFileSync(join(answers, kind), typeof value === "string" ? value : JSON.stringify(value));
  }

  const refuse = (kind: string) => rmSync(join(answers, kind));

  function environment() {
    const PATH = `${folder}${delimiter}${process.env["PATH"]}`;
    const CALLS = join(answers, "calls");
    return { ...process.env, PATH, ANSWERS: answers, CALLS, NO_COLOR: "1" };
  }

  function run(...args: readonly string[]) {
    const env = environment();
    writeFileSync(env.CALLS, "");
    const options = { encoding: "utf8", env, timeout: 60_000 } as const;
    const done = spawnSync(process.execPath, [plugin, ...args], options);
    return { ...done, calls: readFileSync(env.CALLS, "utf8") };
  }

  const diagnose = (...args: readonly string[]) => run("diagnose", ...args);

  it("prints the checks of a Service that works, and asks the agent of its connection", () => {
    const { stdout, status, calls } = diagnose("service", "shop/web", "--context", "lab");
    assert.match(stdout, /^service shop\/web: nothing is wrong that could be seen from here\n/);
    assert.match(stdout, /\n {2}✓ selectors {4}the CHILD SA has 10\.0\.2\.10\n/);
    assert.match(stdout, /\n {2}✓ answers {6}all accept\n$/);
    assert.equal(status, 0);
    assert.match(calls, / ipman diagnose bank net --service shop\/web -o json\n$/);
    assert.match(calls, /^--context=lab get service web -n shop --ignore-not-found -o json\n/);
  });

  it("prints the first problem with its remedy", () => {
    answer("exec", described(["10.0.2.0/29"]));
    const { stdout, status } = diagnose("service", "shop/web");
    assert.match(
      stdout,
      /^service shop\/web: 10\.0\.2\.10 is in none of the local networks of the CHILD SA: 10\.0\.2\.0\/29\n {2}→ use a pool/,
    );
    assert.match(stdout, /\n {2}- other checks {2}depend on those above\n$/);
    assert.equal(status, 1);
  });

  it("ends with the answers of the hosts, if the agent can test them", () => {
    const lines = ["refuses", "hangs"].map((message) => ({ check: "answers", message }));
    const [first, second] = lines.map((line, i) => {
      return JSON.stringify({ ...line, verdict: i === 0 ? "problem" : "note", hint: "look" });
    });
    answer("answers", `${first}\n${second}\n`);
    const { stdout, status } = diagnose("service", "shop/web");
    assert.match(stdout, /^service shop\/web: refuses\n {2}→ look\n/);
    assert.equal(status, 1);
    answer("answers", `${first}\n{"check":"ans`);
    assert.match(diagnose("service", "shop/web").stdout, /\n {2}- answers {6}the agent cannot/);
    refuse("answers");
    const without = diagnose("service", "shop/web");
    assert.match(without.stdout, /\n {2}- answers {6}the agent cannot test them: /);
    assert.equal(without.status, 0);
  });

  it("prints JSON, and names of others without control characters", () => {
    const { metadata, ...others } = service();
    const annotations = { ...metadata.annotations, "ipman.dialo.ai/\u001b[2J": "" };
    answer("service", { ...others, metadata: { ...metadata, annotations }, spec: {} });
    const [first = ""] = diagnose("service", "shop/web", "-o", "json").stdout.split("\n");
    const finding = JSON.parse(first) as { check: string; verdict: string; message: string };
    assert.equal(finding.verdict, "problem");
    assert.match(finding.message, /annotations .*, \\x1b\[2J$/);
  });

  it("does without an agent and events that the user may not reach", () => {
    for (const kind of ["exec", "events", "ipsecconnection"]) refuse(kind);
    const { stdout, status } = diagnose("service", "shop/web");
    assert.match(
      stdout,
      /· connection {2}IPSecConnection bank cannot be read: .*is forbidden; to this user\n/,
    );
    assert.match(stdout, /· tunnel .*; the checks that need the agent are left out/);
    assert.equal(status, 0);
  });

  it("leaves out what an agent reports that does not lead", () => {
    const { connection: ofAgent, actors } = described(["10.0.2.0/24"]);
    const children = ofAgent.children.map((child) => ({ ...child, state: "pending" }));
    answer("exec", { connection: { ...ofAgent, leads: false, children }, actors });
    const { stdout, status } = diagnose("service", "shop/web");
    assert.match(stdout, /· tunnel .*the agent of the active path does not report child net;/);
    assert.equal(status, 0);
  });

  it("does without EndpointSlices that the user may not read", () => {
    refuse("endpointslices");
    const { stdout, status } = diagnose("service", "shop/web");
    assert.match(stdout, /· endpoints {4}EndpointSlices cannot be read: .*is forbidden; to this/);
    assert.match(stdout, /✓ selectors {4}the CHILD SA has 10\.0\.2\.10\n/);
    assert.equal(status, 0);
  });

  it("finds a connection that does not exist, and reports a Service that does not", () => {
    answer("ipsecconnection", "");
    assert.match(diagnose("service", "shop/web").stdout, /there is no IPSecConnection "bank"/);
    answer("service", "");
    const { stderr, status } = diagnose("service", "shop/web");
    assert.equal(stderr, "kubectl ipman diagnose: there is no Service shop/web\n");
    assert.equal(status, 1);
  });

  it("quotes the agent's last event about this Service if its ports are not forwarded", () => {
    const without = described(["10.0.2.0/24"]);
    const [child] = without.connection.children;
    answer("exec", {
      ...without,
      connection: { id: "bank", children: [{ ...child, services: undefined }] },
    });
    const event = (message: string, uid: string, second: number) => ({
      metadata: { name: message, creationTimestamp: `2026-01-02T03:04:0${second}Z` },
      involvedObject: { uid },
      message: `not forwarded: ${message}`,
    });
    const own = "uid-shop/web";
    const items = [event("new", own, 5), event("old", own, 4), event("other", "uid-x", 6)];
    answer("events", { items });
    assert.match(
      diagnose("service", "shop/web").stdout,
      /forwards 0 of 1 ports of the Service: new\n/,
    );
  });

  it("lists the Services of a connection after its description, unless the user may not", () => {
    answer("services", { items: [service()] });
    answer("exec", "bank\n");
    const listed = run("describe", "bank");
    assert.equal(listed.stdout, "bank\n\nServices\n  ✓ shop/web  net exposed 10.0.2.10 443/tcp\n");
    assert.match(listed.calls, /\nget services -A -o json\n$/);
    assert.doesNotMatch(run("describe", "bank", "-o", "json").calls, /get services/);
    refuse("services");
    const { stdout, stderr, status } = run("describe", "bank");
    assert.equal(stdout, "bank\n");
    assert.match(stderr, /^kubectl ipman describe: .*services is forbidden/);
    assert.equal(status, 0);
  });

  it("completes the names of Services that request something of ipman", () => {
    const plain = { metadata: { namespace: "shop", name: "plain" }, spec: { type: "ClusterIP" } };
    answer("services", { items: [plain, service()] });
    const env = environment();
    const completing = join(import.meta.dirname, "../../../../bin/kubectl_complete-ipman");
    const typed = ["diagnose", "service", "sh"];
    const { stdout } = spawnSync(process.execPath, [completing, ...typed], {
      encoding: "utf8",
      env,
    });
    assert.equal(stdout, "shop/web\n:4\n");
  });

  for (const [args, message] of [
    ["service shop/web --rekey", /--ping and --rekey are for connections/],
    ["service a/b/c", /"a\/b\/c" is not NAMESPACE\/NAME of a Service/],
    ["service shop/--all", /"shop\/--all" is not NAMESPACE\/NAME/],
    ["service web", /name the Service with its namespace: diagnose service NAMESPACE\/NAME/],
  ] as const)
    it(`explains what is wrong with "${args}"`, () => {
      answer("ipsecconnection", "");
      const { stderr, status } = diagnose(...args.split(" "));
      assert.match(stderr, message);
      assert.equal(status, 2);
    });
});
