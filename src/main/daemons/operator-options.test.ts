import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatPrefix } from "../../model/net/prefix.ts";
import { UsageError } from "../options/option.ts";
import { parseCommand } from "../program/run-program.ts";
import { operatorOptionsFrom } from "./operator-options.ts";
import { command } from "./operator.ts";

const images = [
  "--ipman-image=ipman:1",
  "--charon-image=charon:1",
  "--legacy-charon-image=legacy:1",
];
const optionsOf = (...args: string[]) =>
  operatorOptionsFrom(parseCommand(command, [...images, ...args]));

describe("the operator's options", () => {
  it("make a reservation last for at least two timeouts of a request about its pod", () => {
    const ttlOf = (...args: string[]) => optionsOf(...args).ttlSeconds;
    assert.equal(ttlOf(), 75);
    assert.equal(ttlOf("--reservation-ttl", "20", "--pod-timeout", "10"), 20);
    assert.equal(ttlOf("--reservation-ttl", "60", "--pod-timeout", "30"), 60);
  });

  for (const args of [
    ["--reservation-ttl=19"],
    ["--reservation-ttl=59", "--pod-timeout=30"],
  ] as const)
    it(`refuse ${args.join(" ")}, and name both options and the remedy`, () => {
      assert.throws(
        () => optionsOf(...args),
        (error) => {
          assert.ok(error instanceof UsageError);
          assert.match(error.message, /--reservation-ttl is \d+, less than twice --pod-timeout/);
          assert.match(error.message, /set --reservation-ttl to at least (20|60)/);
          return true;
        },
      );
    });

  it("accept the empty values that the chart sets", () => {
    const { owner, priorityClass, pullSecrets, secretNamespaces, clientAuthority } = optionsOf(
      "--owner=",
      "--priority-class=",
      "--pull-secrets=",
      "--secret-namespaces=a,b",
      "--client-authority=",
    );
    assert.deepEqual([owner, priorityClass, pullSecrets, clientAuthority], ["", "", [], undefined]);
    assert.deepEqual(secretNamespaces, ["a", "b"]);
  });

  it("read the cluster's networks, and refuse others with the remedy", () => {
    const networks = optionsOf("--cluster-networks=10.244.0.0/16,fd44::/48").clusterNetworks;
    assert.deepEqual(networks.map(formatPrefix), ["10.244.0.0/16", "fd44::/48"]);
    assert.deepEqual(optionsOf("--cluster-networks=").clusterNetworks, []);
    for (const [text, message] of [
      ["pods", /--cluster-networks must be networks such as .*, not "pods"/],
      ["10.244.1.0/16", /"10\.244\.1\.0\/16" has host bits set, use 10\.244\.0\.0\/16/],
      [Array.from({ length: 129 }, (_, i) => `10.${i}.0.0/16`).join(","), /at most 128 networks/],
    ] as const)
      assert.throws(() => optionsOf(`--cluster-networks=${text}`), message);
  });

  it("require every image", () => {
    assert.throws(() => parseCommand(command, ["--ipman-image=a"]), /--charon-image/);
    assert.throws(
      () => parseCommand(command, ["--ipman-image=", "--charon-image=a"]),
      /--ipman-image must not be empty/,
    );
  });
});
