import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseAddress, type Address } from "../../model/net/address.ts";
import { parsePrefix, type Prefix } from "../../model/net/prefix.ts";
import { endpointCodec, type HostEndpoints } from "./endpoints.ts";

const place = { connection: "partner", child: "net" };
const endpoints: HostEndpoints = {
  gateways: [
    {
      ...place,
      id: "ipman-1",
      netns: "/run/netns/ipman-1",
      device: "ipman0",
      mtu: 9_000,
      underlay: parseAddress("198.18.0.1") as Address,
    },
  ],
  workers: [
    {
      ...place,
      id: "app",
      netns: "/run/netns/app",
      pool: "primary",
      reservation: "ab12",
      underlay: parseAddress("198.18.0.2") as Address,
      address: parsePrefix("10.0.2.3/24") as Prefix,
    },
  ],
};

describe("the file of a host's endpoints", () => {
  const written = JSON.parse(JSON.stringify(endpointCodec.format(endpoints))) as {
    workers: { reservation?: string }[];
  };

  it("is read as it was written", () => {
    assert.deepEqual(endpointCodec.parse(written), endpoints);
  });

  it("has an empty reservation for each worker if a version without reservations wrote it", () => {
    const workers = written.workers.map((worker) => ({ ...worker, reservation: undefined }));
    const read = endpointCodec.parse({ ...written, workers });
    assert.equal(read.workers[0]?.reservation, "");
  });
});
