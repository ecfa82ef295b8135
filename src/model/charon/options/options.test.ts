import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isEmptyRange } from "../proposals/charon-version.ts";
import { valuesOf } from "./charon-option.ts";
import { childExtraProblems, connectionExtraProblems } from "./extra-problems.ts";
import { everyOption, samplesOf } from "./options.fixture.ts";
import { certificate } from "./text-kinds.ts";

describe("the table of charon's options", () => {
  it("has the options of strongSwan 5.9.8 to 6.0.6", () => {
    const byLevel = Map.groupBy(everyOption, ({ level }) => level);
    const counted = [...byLevel].map(([level, options]) => [level, options.length] as const);
    // Newer than 5.9.8 are `ocsp` of a connection, `icmp` and `per_cpu_sas` of a child.
    assert.deepEqual(Object.fromEntries(counted), {
      connection: 5 + 27 + 1,
      authentication: 5 + 8,
      child: 4 + 38 + 2,
    });
  });

  for (const { level, name, option } of everyOption) {
    const { kind } = option;
    it(`has values of ${level} ${name} that charon accepts, and others that it rejects`, () => {
      const versions = samplesOf(kind).map((value) => kind.acceptedBy(value));
      assert.ok(kind === certificate || versions.some((range) => range !== undefined));
      assert.ok(versions.includes(undefined));
      for (const range of versions) assert.equal(range !== undefined && isEmptyRange(range), false);
    });

    if (level === "authentication") continue;
    const problemsOf = level === "child" ? childExtraProblems : connectionExtraProblems;

    it(`accepts no value of ${level} ${name} that every charon rejects`, () => {
      for (const value of samplesOf(kind).filter((sample) => !sample.includes(","))) {
        const problems = problemsOf({ [name]: value });
        const isRejected = valuesOf(option, value).some(
          (item) => kind.acceptedBy(item) === undefined,
        );
        assert.ok(!isRejected || problems.length === 1, value);
      }
    });

    if (option.refused !== undefined) continue;
    it(`has a value of ${level} ${name} that ipman accepts`, () => {
      const accepted = samplesOf(kind).filter(
        (value) => problemsOf({ [name]: value }).length === 0,
      );
      assert.ok(accepted.length > 0);
    });
  }

  it("names the remedy where ipman refuses an option", () => {
    for (const { name, option } of everyOption)
      if (option.refused !== undefined) assert.match(option.refused, /: (use|remove it)/, name);
  });
});
