import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { describe, it } from "node:test";
import { connect } from "node:tls";
import { makeLeaf } from "../../../src/adapters/kubernetes/admission/certificates.ts";
import { resourceTypes } from "../../../src/adapters/kubernetes/client/resource-type.ts";
import type { KubeObject } from "../../../src/model/kubernetes/kube-object.ts";
import { eventually } from "../../sites/shell.ts";
import type { LabCluster } from "../cluster.ts";
import { walkThrough } from "../manifests.ts";

const namespace = "ipman-system";
const place = { namespace, name: "ipman-webhook-tls" };

type Secret = KubeObject & { readonly data: Readonly<Record<string, string>> };

/** The webhooks' certificates, in the Secret and as the replicas present them. */
export function certificateScenarios(cluster: () => LabCluster): void {
  describe("the webhooks' certificate", () => {
    const secret = () => cluster().client.get<Secret>(resourceTypes.Secret, place);
    const read = ({ data }: Secret, key: string) =>
      Buffer.from(data[key] ?? "", "base64").toString("utf8");
    const leafOf = async () => new X509Certificate(read(await secret(), "tls.crt"));

    /** The serial number of the certificate that each replica presents. */
    async function presented(): Promise<string[]> {
      const selector = { labelSelector: "app=ipman-controller" };
      const addresses: string[] = [];
      await cluster().client.list(resourceTypes.Pod, { namespace }, selector, (pod) => {
        const { status } = pod as { status?: { podIP?: string } };
        if (status?.podIP !== undefined) addresses.push(status.podIP);
      });
      return Promise.all(addresses.map((address) => serialAt(address)));
    }

    /** The API server calls the webhooks: one of them refuses a manifest. */
    const isAnswered = () => {
      const bad = walkThrough("node-a", { name: "other", localId: "" });
      assert.throws(
        () => cluster().apply({ ...bad, metadata: { name: "other" } }),
        /spec\.localId/,
      );
    };

    const isEverywhere = async (serial: string) =>
      eventually(async () => assert.deepEqual(await presented(), [serial, serial]), 20_000, 250);

    it("is renewed before it expires, and presented by both replicas without a restart", async () => {
      const before = await secret();
      const authority = { certificate: read(before, "ca.crt"), key: read(before, "ca.key") };
      const hosts = ["ipman-webhook.ipman-system.svc"];
      const lifetimeMs = 29 * 24 * 3_600_000;
      const old = await makeLeaf(authority, { name: "CN=old", hosts, lifetimeMs });
      const encode = (text: string) => Buffer.from(text).toString("base64");
      const data = { "tls.crt": encode(old.certificate), "tls.key": encode(old.key) };
      await cluster().client.mergePatch(resourceTypes.Secret, place, { data });
      await eventually(
        async () => assert.notEqual((await leafOf()).subject, "CN=old"),
        20_000,
        250,
      );
      isAnswered();
      const leaf = await leafOf();
      assert.equal(read(await secret(), "ca.crt"), authority.certificate);
      await isEverywhere(leaf.serialNumber);
      isAnswered();
    });

    it("is created again with its authority after its Secret was deleted", async () => {
      const before = (await leafOf()).serialNumber;
      await cluster().client.delete(resourceTypes.Secret, place);
      const isAnother = async () => assert.notEqual((await leafOf()).serialNumber, before);
      await eventually(isAnother, 20_000, 250);
      await isEverywhere((await leafOf()).serialNumber);
      await eventually(isAnswered, 20_000, 500);
    });
  });
}

function serialAt(host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: 9443, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerX509Certificate()?.serialNumber ?? "");
      socket.destroy();
    });
    socket.on("error", reject);
  });
}
