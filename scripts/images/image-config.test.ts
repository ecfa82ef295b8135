import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { imageConfig } from "./image-config.ts";

const settings = { User: "65532:65532", Labels: { "org.opencontainers.image.title": "ipman" } };
const build = {
  version: "1.2.3",
  revision: "abc",
  architecture: "arm64",
  created: new Date("2026-05-06T07:08:09Z"),
};

describe("the configuration of an image", () => {
  it("has the settings, and labels of the build", () => {
    assert.deepEqual(imageConfig(settings, build, ["12ef"]), {
      architecture: "arm64",
      os: "linux",
      created: "2026-05-06T07:08:09Z",
      config: {
        User: "65532:65532",
        Labels: {
          "org.opencontainers.image.title": "ipman",
          "org.opencontainers.image.version": "1.2.3",
          "org.opencontainers.image.created": "2026-05-06T07:08:09Z",
          "org.opencontainers.image.revision": "abc",
        },
      },
      rootfs: { type: "layers", diff_ids: ["sha256:12ef"] },
    });
  });

  it("has no revision if the commit is unknown", () => {
    const { Labels } = imageConfig(settings, { ...build, revision: "" }, []).config;
    assert.ok(!Object.hasOwn(Labels, "org.opencontainers.image.revision"));
  });
});
