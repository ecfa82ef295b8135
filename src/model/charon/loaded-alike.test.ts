import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { childSpec, connectionOf } from "../../../test/models/fixtures.ts";
import { loadedAlike } from "./loaded-alike.ts";

const remote_ips = ["10.1.2.0/24", "10.7.0.0/24"];
const connection = connectionOf({
  localId: "@node.site",
  remoteId: "%any",
  children: { "child-2": childSpec(2, { remote_ips }), "child-3": childSpec(3) },
});

const loaded = (changes: object = {}) => ({
  site: {
    "local-1": { id: "node.site" },
    "remote-1": { class: "pre-shared key" },
    children: {
      "child-2": { "local-ts": ["10.0.2.0/24"], "remote-ts": ["10.7.0.0/24", "10.1.2.0/24"] },
    },
    ...changes,
  },
});

describe("what charon had of a connection", () => {
  it("is alike where identities and networks mean the same", () => {
    const alike = { identities: true, children: ["child-2"] };
    assert.deepEqual(loadedAlike(loaded(), connection), alike);
  });

  it("is not where an identity or a network is another", () => {
    const other = loaded({
      "local-1": { id: "other.site" },
      children: { "child-2": { "local-ts": ["10.0.2.0/24"], "remote-ts": ["10.1.2.0/24"] } },
    });
    assert.deepEqual(loadedAlike(other, connection), { identities: false, children: [] });
  });

  it("is nothing where charon did not have it", () => {
    assert.deepEqual(loadedAlike({}, connection), { identities: false, children: [] });
  });
});
