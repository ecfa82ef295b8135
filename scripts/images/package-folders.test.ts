import assert from "node:assert/strict";
import { test } from "node:test";
import { packageFolders } from "./package-folders.ts";

test("the packages of a bundle are those whose code it contains, with a folder for each copy", () => {
  const input = (bytesInOutput: number) => ({ bytesInOutput });
  const output = {
    bytes: 1,
    imports: [],
    exports: [],
    inputs: {
      "src/main/ipman.ts": input(1),
      "packages/vici-client/src/index.ts": input(1),
      "node_modules/rxjs/dist/a.js": input(1),
      "node_modules/rxjs/dist/b.js": input(1),
      "node_modules/@grpc/grpc-js/src/a.js": input(1),
      "node_modules/tsyringe/node_modules/tslib/tslib.js": input(1),
      "node_modules/left-out/index.js": input(0),
    },
  };
  assert.deepEqual(packageFolders({ inputs: {}, outputs: { "ipman.js": output } }), [
    "node_modules/@grpc/grpc-js",
    "node_modules/rxjs",
    "node_modules/tsyringe/node_modules/tslib",
  ]);
});
