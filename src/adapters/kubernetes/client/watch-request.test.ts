import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { watchRequest } from "./watch-request.ts";
import { initialState } from "./watch-state.ts";

const progress = initialState(false);

describe("the request of a watch", () => {
  it("continues from the version and requests bookmarks", () => {
    assert.deepEqual(watchRequest({ ...progress, type: "watching", version: "5" }, 0), {
      resourceVersion: "5",
      allowWatchBookmarks: true,
      timeoutSeconds: 90,
      silenceMs: 120_000,
    });
  });

  it("lasts longer and expects an event every 100 s once the server sent a bookmark", () => {
    const state = { ...progress, type: "watching", version: "5", bookmarks: true } as const;
    const { timeoutSeconds, silenceMs } = watchRequest(state, 1);
    assert.deepEqual([timeoutSeconds, silenceMs], [480, 100_000]);
  });

  it("is short and without bookmarks for an object that does not exist", () => {
    const state = { ...progress, type: "watching", version: "0", bookmarks: true } as const;
    assert.deepEqual(watchRequest(state, 0.5), {
      resourceVersion: "0",
      allowWatchBookmarks: false,
      timeoutSeconds: 60,
      silenceMs: 90_000,
    });
  });

  it("begins now and without bookmarks for an object whose version expired", () => {
    const state = { ...progress, type: "rereading", version: "5", bookmarks: true } as const;
    const { resourceVersion, allowWatchBookmarks, timeoutSeconds } = watchRequest(state, 0);
    assert.deepEqual([resourceVersion, allowWatchBookmarks, timeoutSeconds], ["0", false, 90]);
  });
});
