import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, it } from "node:test";
import { StateFile } from "../../src/adapters/files/state-file.ts";
import { FloatingAddresses } from "../../src/adapters/floating/floating-addresses.ts";
import { KeptAddresses, keptAddressesCodec } from "../../src/adapters/floating/kept-addresses.ts";
import { netnsPath } from "../../src/adapters/linux/namespace.ts";
import type { FloatingAddress } from "../../src/model/api/connection.ts";
import { parsePrefix, type Prefix } from "../../src/model/net/prefix.ts";
import { eventually, inNetns, ip } from "../sites/shell.ts";

const names = ["float-a", "float-b", "float-r"] as const;

for (const { family, network, text, length } of [
  { family: 4, network: "192.0.2", text: "192.0.2.9", length: "/24" },
  { family: 6, network: "fd00:2:", text: "fd00:2::9", length: "/64" },
] as const) {
  describe(`a floating IPv${family} address on a link with two nodes and a router`, () => {
    const own = (last: number) => `${network}${family === 4 ? "." : ":"}${last}`;
    const floating: FloatingAddress = {
      prefix: parsePrefix(`${text}${length}`) as Prefix,
      interfaceName: undefined,
    };
    const { address } = floating.prefix;
    let folder: string;

    /** The addresses of a node, as an agent that starts there has them. */
    const agentOn = (name: string) => {
      const file = new StateFile(join(folder, `${name}.json`), keptAddressesCodec);
      const kept = new KeptAddresses(file, (error) => assert.fail(String(error)));
      return new FloatingAddresses({ namespace: () => netnsPath(name), kept });
    };
    const shown = (name: string) => ip(`-n ${name} -${family} addr show dev eth0`);
    const macOf = (name: string) => /ether (\S+)/.exec(ip(`-n ${name} link show eth0`))?.[1];
    const neighbour = () => ip(`-n float-r -${family} neigh show ${text} dev eth0`);
    const answers = () => inNetns("float-r", `ping -${family} -c 1 -W 1 ${text}`);

    before(() => {
      folder = mkdtempSync(join(tmpdir(), "floating-"));
      ip("link add float0 type bridge mcast_snooping 0");
      ip("link set float0 up");
      names.forEach((name, i) => {
        ip(`netns add ${name}`);
        ip(`link add ${name} type veth peer name eth0 netns ${name}`);
        ip(`link set ${name} master float0 up`);
        ip(`-n ${name} link set eth0 up`);
        ip(`-n ${name} addr add ${own(i + 1)}${length} dev eth0${family === 6 ? " nodad" : ""}`);
      });
    });
    after(() => {
      for (const name of names) ip(`netns del ${name}`);
      ip("link del float0");
      rmSync(folder, { recursive: true });
    });
    afterEach(() => {
      for (const name of ["float-a", "float-b"]) agentOn(name).release(address);
      ip(`-n float-r neigh flush dev eth0`);
    });

    it("is that of the node that took it last, for a router that knows the former one", async () => {
      const [a, b] = [agentOn("float-a"), agentOn("float-b")];
      assert.deepEqual(a.hold(floating), { ok: true, added: true });
      answers();
      assert.match(neighbour(), new RegExp(`lladdr ${macOf("float-a")}`));
      a.release(address);
      assert.doesNotMatch(shown("float-a"), new RegExp(text));
      const began = performance.now();
      assert.deepEqual(b.hold(floating), { ok: true, added: true });
      await eventually(() => assert.match(neighbour(), new RegExp(`lladdr ${macOf("float-b")}`)));
      const ms = performance.now() - began;
      process.stdout.write(`      the router knows the new node after ${Math.round(ms)} ms\n`);
      assert.ok(ms < 300, `${ms} ms`);
      answers();
    });

    it("is announced again on request, by its holder alone", async () => {
      const [a, b] = [agentOn("float-a"), agentOn("float-b")];
      a.hold(floating);
      answers();
      ip(`-n float-r -${family} neigh replace ${text} lladdr 02:00:00:00:00:99 dev eth0 nud stale`);
      b.announce(address);
      a.announce(address);
      await eventually(() => assert.match(neighbour(), new RegExp(`lladdr ${macOf("float-a")}`)));
    });

    it("has the length of a host and no route, and can be used at once", () => {
      const routes = () => ip(`-n float-a -${family} route show dev eth0`);
      const before = routes();
      agentOn("float-a").hold(floating);
      assert.match(shown("float-a"), new RegExp(`${text}/${family === 4 ? 32 : 128} scope global`));
      assert.doesNotMatch(shown("float-a"), new RegExp(`${text}/.*tentative`));
      assert.equal(routes(), before);
    });

    it("is found again by the next agent of the node, which keeps it or removes it", () => {
      agentOn("float-a").hold(floating);
      assert.deepEqual(agentOn("float-a").hold(floating), { ok: true, added: false });
      assert.deepEqual(agentOn("float-a").releaseOthers([address]), []);
      assert.deepEqual(agentOn("float-a").releaseOthers([]), [address]);
      assert.doesNotMatch(shown("float-a"), new RegExp(text));
    });

    it("moves to the interface that is declared", () => {
      ip("-n float-a link add other type dummy");
      ip("-n float-a link set other up");
      const agent = agentOn("float-a");
      agent.hold(floating);
      const named = { ...floating, interfaceName: "other" };
      assert.deepEqual(agent.hold(named), { ok: true, added: true });
      assert.doesNotMatch(shown("float-a"), new RegExp(text));
      assert.match(ip("-n float-a addr show dev other"), new RegExp(text));
      agent.release(address);
      ip("-n float-a link del other");
    });

    it("is not taken from another program, and not removed", () => {
      const agent = agentOn("float-a");
      ip(`-n float-a addr add ${text}${length} dev eth0${family === 6 ? " nodad" : ""}`);
      assert.deepEqual(agent.hold(floating), { ok: false, why: "foreign", interfaceName: "eth0" });
      agent.release(address);
      agent.releaseOthers([]);
      assert.match(shown("float-a"), new RegExp(text));
      ip(`-n float-a addr del ${text}${length} dev eth0`);
    });

    it("stays while the node's own address is away", () => {
      const agent = agentOn("float-a");
      agent.hold(floating);
      ip(`-n float-a addr del ${own(1)}${length} dev eth0`);
      assert.deepEqual(agent.hold(floating), { ok: true, added: false });
      assert.match(shown("float-a"), new RegExp(text));
      ip(`-n float-a addr add ${own(1)}${length} dev eth0${family === 6 ? " nodad" : ""}`);
    });

    it("has no place on a node without its network, or without the interface", () => {
      const agent = agentOn("float-a");
      const other = parsePrefix(family === 4 ? "198.51.100.9/24" : "fd00:3::9/64") as Prefix;
      const homeless = { ok: false, why: "homeless" };
      assert.deepEqual(agent.hold({ prefix: other, interfaceName: undefined }), homeless);
      assert.deepEqual(agent.hold({ ...floating, interfaceName: "none0" }), homeless);
    });
  });
}
