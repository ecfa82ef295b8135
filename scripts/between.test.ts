import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { between } from "./between.ts";

describe("the generated part of a page", () => {
  it("is replaced, and the rest of the page stays", () => {
    const page = "before\n<!-- a -->\n\nold\n\n<!-- /a -->\nafter\n";
    assert.equal(between(page, "a", "new"), page.replace("old", "new"));
    assert.equal(between(page.replace("old\n\n", ""), "a", "new"), page.replace("old", "new"));
  });

  it("is refused where a marker is missing or both are in the wrong order", () => {
    for (const page of ["", "<!-- a -->", "<!-- /a --><!-- a -->"])
      assert.throws(() => between(page, "a", "new"), /no <!-- a --> before <!-- \/a -->/);
  });
});
