import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { eventually } from "../../sites/shell.ts";
import { KubeError } from "../../../src/adapters/kubernetes/client/kube-error.ts";
import { resourceTypes } from "../../../src/adapters/kubernetes/client/resource-type.ts";
import { connectionFromCr } from "../../../src/model/validation/connection-from-cr.ts";
import { manifest, manifestCases } from "../../../src/model/validation/manifests.fixture.ts";
import type { LabCluster } from "../cluster.ts";
import { walkThrough } from "../manifests.ts";

/** Invalid manifests, sent to the API server. */
export function refusalScenarios(cluster: () => LabCluster): void {
  describe("the API server", () => {
    /** The API server's refusal of a manifest; undefined if it accepts it, which is then deleted. */
    async function answerTo(cr: object): Promise<string | undefined> {
      const { name } = (cr as { metadata: { name: string } }).metadata;
      try {
        await cluster().client.create(resourceTypes.IPSecConnection, cr as never);
      } catch (error) {
        assert.ok(error instanceof KubeError, String(error));
        return error.message;
      }
      await cluster().client.delete(resourceTypes.IPSecConnection, { name });
      return undefined;
    }

    for (const [what, change, places] of manifestCases) {
      if (places.length === 0) continue;
      // The API server prunes unknown fields before a webhook sees them; kubectl warns of them.
      if (what.startsWith("an unknown field")) continue;
      it(`refuses ${what} with ipman's message`, async () => {
        const cr = manifest();
        cr.metadata.name = "refused";
        cr.spec.name = "refused";
        cr.spec.children["example-child"].if_id = 4_711;
        change(cr);
        const found = connectionFromCr(cr);
        assert.ok(!found.ok);
        const answer = await answerTo(cr);
        for (const { path, message } of found.problems) {
          assert.ok(answer?.includes(`${path}: ${message}`), answer ?? "the manifest was accepted");
        }
      });
    }

    it("refuses unknown fields that kubectl sends, with their path", () => {
      const cr = walkThrough("node-a", { remoteAdr: "x" });
      assert.throws(() => cluster().apply(cr), /unknown field "spec\.remoteAdr"/);
    });

    it("refuses names and if_ids that another connection has", async () => {
      const twin = manifest();
      twin.metadata.name = "twin";
      twin.spec.nodeName = "node-a";
      const answer = await answerTo(twin);
      assert.match(answer ?? "", /spec\.name: "example" is also the name of example-connection/);
      assert.match(answer ?? "", /if_id: 102 is also the if_id of example-connection/);
      twin.spec.nodeName = "node-b";
      // No peer has this address, since the real peer would match it to the other connection.
      twin.spec.remoteAddr = "192.168.1.77";
      assert.equal(await answerTo(twin), undefined);
    });

    it("refuses a connection without a node or group", async () => {
      const { nodeName: _, ...spec } = manifest().spec;
      const nowhere = { ...manifest(), metadata: { name: "nowhere" }, spec };
      assert.match((await answerTo(nowhere)) ?? "", /spec\.nodeName: is required, or groupRef is/);
    });

    it("refuses to delete a CharonGroup in use, and refuses an invalid one", async () => {
      const group = (spec: object) => ({
        apiVersion: "ipman.dialo.ai/v1",
        kind: "CharonGroup",
        metadata: { name: "kept", namespace: "default" },
        spec: { hostNetwork: true, nodeName: "node-b", ...spec },
      });
      assert.throws(() => cluster().apply(group({ interfaceName: "a/b" })), /is not a device name/);
      cluster().apply(group({}));
      const member = manifest();
      member.metadata.name = "member";
      member.spec.remoteAddr = "192.168.1.77";
      const { nodeName: _, ...spec } = member.spec;
      cluster().apply({
        ...member,
        spec: { ...spec, groupRef: { namespace: "default", name: "kept" } },
      });
      const remove = () => cluster().kubectl("delete", "charongroup", "kept", "--wait=false");
      assert.throws(remove, /the CharonGroup is used by member: delete them first/);
      cluster().kubectl("delete", "ipsecconnection", "member");
      await eventually(() => assert.match(remove(), /deleted/));
    });
  });
}
