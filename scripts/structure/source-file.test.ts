import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseSource } from "./source-file.ts";

const parse = (...lines: string[]) => parseSource("src/model/a.ts", lines.join("\n"));

describe("a source file", () => {
  it("imports the repository's modules in each form, types included", () => {
    const { imports } = parse(
      'import type { B } from "../net/b.ts";',
      'import { b } from "../net/b.ts";',
      'export { c } from "./c.ts";',
      'const d = await import("../main/d.ts");',
      'import { readFileSync } from "node:fs";',
    );
    assert.deepEqual(imports, ["src/net/b.ts", "src/model/c.ts", "src/main/d.ts"]);
  });

  it("declares types, by their lines", () => {
    const { types } = parse("interface A {}", "export type B = A;", "", "class C {}");
    assert.deepEqual(types, [
      { name: "A", line: 1 },
      { name: "B", line: 2 },
      { name: "C", line: 4 },
    ]);
  });

  it("has functions with the number of their lines", () => {
    const { functions } = parse("function a() {", "  return 1;", "}", "const b = () => 1;");
    assert.deepEqual(functions, [
      { name: "a", line: 1, lines: 3 },
      { name: "", line: 4, lines: 1 },
    ]);
  });

  it("has useless spreads if a literal is spread into a literal", () => {
    const { uselessSpreads } = parse(
      "f({",
      "  ...{ a: 1 },",
      "  ...(b && { c: 1 }),",
      "  ...d });",
    );
    assert.deepEqual(
      uselessSpreads.map(({ line }) => line),
      [2],
    );
  });

  it("is refused with its path if it does not parse", () => {
    assert.throws(() => parse("const ="), /src\/model\/a\.ts/);
  });
});
