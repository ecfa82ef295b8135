import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { numbered } from "../sites/faults.ts";
import { find } from "../sites/ipman.ts";
import { childSpec, connectionSpec, psk, secret, sites, yaml } from "../sites/manifests.ts";
import { sh } from "../sites/shell.ts";
import { TwoSites } from "../sites/two-sites.ts";

describe("the cause of a failed negotiation that only charon's log has", () => {
  const resources = new AsyncDisposableStack();
  let lab: TwoSites;
  let hosts: string;
  const names = ["named", "grouped", "offloaded"];

  before(async () => {
    lab = resources.use(await TwoSites.build());
    hosts = join(lab.folder, "hosts");
    writeFileSync(hosts, "127.0.0.1 localhost\n");
    // charon of the node reads this file instead; other mount namespaces keep theirs.
    sh("mount", "--bind", hosts, "/etc/hosts");
    resources.defer(() => void sh("umount", "/etc/hosts"));
    lab.ipman.apply("secret.yaml", yaml(secret(Object.fromEntries(names.map((n) => [n, psk])))));
    await lab.ipman.start();
  });
  after(() => resources.disposeAsync());

  it("a name that does not resolve: AddressUnresolved, until it does", async () => {
    const named = numbered("named", 2, { remoteAddr: "peer.ipman.test" });
    await lab.mirror(named, { connection: { local_addrs: [sites.peer.v4] } });
    lab.ipman.apply("named.yaml", yaml(named));
    const status = await lab.ipman.reason("named", "AddressUnresolved");
    const failure = status.children[0]?.failure ?? status.failure;
    assert.match(failure?.message ?? "", /cannot resolve peer\.ipman\.test/);
    writeFileSync(hosts, `127.0.0.1 localhost\n${sites.peer.v4} peer.ipman.test\n`);
    await lab.ipman.ready("named", 40_000);
  });

  it("a group that the peer asks for and that we have: no failure", async () => {
    const proposals = "aes256-sha256-ecp256-modp2048";
    const cr = numbered("grouped", 3, { remoteAddr: sites.peer.other, extra: { proposals } });
    await lab.mirror(cr, { connection: { proposals: ["aes256-sha256-modp2048"] } });
    const refused = new Set<string>();
    lab.ipman.apply("grouped.yaml", yaml(cr));
    await lab.ipman.until((all) => {
      const status = find(all, "grouped");
      if (status?.failure !== undefined) refused.add(status.failure.reason);
      return status?.state === "established" && status.children[0]?.state === "established";
    });
    assert.match(
      lab.node.log,
      /peer didn't accept (DH group|key exchange method) ECP_256, it requested MODP_2048/,
    );
    assert.ok(!refused.has("NoProposalChosen"), [...refused].join(", "));
  });

  it("an SA that the kernel does not install: SaRejected", async () => {
    const extra = { ...childSpec(4).extra, hw_offload: "yes" };
    const children = { "child-4": childSpec(4, { extra }) };
    const cr = connectionSpec("offloaded", { children });
    await lab.mirror(cr, { child: { hw_offload: "no" } });
    lab.ipman.apply("offloaded.yaml", yaml(cr));
    const {
      children: [child],
    } = await lab.ipman.reason("offloaded", "SaRejected");
    assert.match(child?.failure?.message ?? "", /`hw_offload`/);
  });
});
