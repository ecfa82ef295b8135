import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { ViciError, type Message, type Session } from "vici-client";
import { valuesOf } from "../../../src/model/charon/options/charon-option.ts";
import {
  childExtraProblems,
  connectionExtraProblems,
} from "../../../src/model/charon/options/extra-problems.ts";
import {
  childExtraWarnings,
  connectionExtraWarnings,
} from "../../../src/model/charon/options/extra-warnings.ts";
import { completedLifetimes } from "../../../src/model/charon/options/lifetimes.ts";
import {
  everyOption,
  samplesOf,
  type LevelledOption,
} from "../../../src/model/charon/options/options.fixture.ts";
import {
  everyVersion,
  isInRange,
  type CharonVersion,
} from "../../../src/model/charon/proposals/charon-version.ts";
import { keywords, type Transform } from "../../../src/model/charon/proposals/keywords.ts";
import { rejection } from "../../../test/simulator/charon/load-conn.ts";
import { Charon } from "../../sites/charon.ts";

/** Options without which charon rejects an option, or ends (5.9.8, `mediated_by`). */
const companions: Readonly<Record<string, Message>> = {
  mediated_by: { mediation_peer: "broker" },
};

/** The error of charon since 6.0.2 for public keys, which it parses after all options. */
const withoutName = "parsing request failed";

/** Proposals in which a keyword may be used. */
const proposalsWith: Readonly<Record<Transform, readonly string[]>> = {
  cipher: ["WORD-sha256-modp2048"],
  aead: ["WORD-prfsha256-modp2048"],
  integrity: ["aes256-WORD-modp2048", "aes256gcm16-WORD-modp2048"],
  prf: ["aes256-sha256-WORD-modp2048", "aes256gcm16-WORD-modp2048", "aes256-WORD"],
  group: ["aes256-sha256-WORD", "aes256gcm16-prfsha256-WORD-modp2048"],
  "additional group": ["aes256-sha256-modp2048-WORD"],
  esn: ["aes256-sha256-modp2048-WORD"],
};

const additionalGroups = ["ke1_x25519", "ke2_mlkem768", "ke3_none", "ke4_ntru128", "ke5_aes256"];

const keywordsByTransform: readonly (readonly [Transform, readonly string[]])[] = [
  ...Map.groupBy(keywords.keys(), (word) => keywords.get(word)?.transform ?? "esn"),
  ["additional group", additionalGroups],
];

describe("the options that a real charon accepts", () => {
  const resources = new AsyncDisposableStack();
  let session: Session;
  let version: CharonVersion;

  before(async () => {
    const folder = mkdtempSync(join(process.env["ARTIFACTS"] ?? "/tmp", "options-"));
    const charon = resources.use(new Charon({ name: "options-charon", folder }));
    await charon.start();
    session = await charon.session();
    resources.defer(() => session.close());
    version = charon.version;
  });
  after(() => resources.disposeAsync());

  /** charon's error for a connection; undefined if it is loaded. */
  async function errorOf(connection: Message): Promise<string | undefined> {
    try {
      await session.request("load-conn", { one: connection });
    } catch (error) {
      assert.ok(error instanceof ViciError, String(error));
      return error.message.replace(/^load-conn: /, "");
    }
    await session.request("unload-conn", { name: "one" });
    return undefined;
  }

  for (const levelled of everyOption) {
    const { level, name, option } = levelled;
    const isForwarded = option.refused === undefined && level !== "authentication";
    it(`are those of the table: ${level} ${name}`, async () => {
      const accepted: string[] = [];
      for (const value of samplesOf(option.kind)) {
        const connection = connectionWith(levelled, value);
        const error = await errorOf(connection);
        if (option.dependsOnBuild === true && error?.startsWith("unknown option")) return;
        const expected = rejection(connection, version);
        if (error === withoutName) assert.notEqual(expected, undefined, JSON.stringify(value));
        else assert.equal(error, expected, JSON.stringify(value));
        if (error === undefined) accepted.push(value);
        else if (isForwarded) assertReported(levelled, value);
      }
      const isKnown = isInRange(version, option.versions ?? everyVersion);
      // ipman refuses by choice the options that it refuses: charon would accept them.
      if (option.refused !== undefined && isKnown) assert.notEqual(accepted.length, 0);
    });
  }

  it("have lifetimes that charon before 5.9.9 does not complete", async () => {
    const life = { life_time: "1h" };
    const rekeyTime = async (child: Message) => {
      await session.request("load-conn", { one: { children: { net: child } } });
      const [listed] = await Array.fromAsync(session.stream("list-conns"));
      await session.request("unload-conn", { name: "one" });
      const { children } = (listed?.["one"] ?? {}) as { children?: Record<string, Message> };
      return children?.["net"]?.["rekey_time"];
    };
    const completed = completedLifetimes(life)["rekey_time"];
    const isOld = isInRange(version, { before: "5.9.9" });
    assert.equal(await rekeyTime(life), isOld ? "3600" : completed);
    assert.equal(await rekeyTime({ ...life, rekey_time: completed }), completed);
  });

  for (const [protocol, name] of [
    ["ike", "proposals"],
    ["esp", "esp_proposals"],
  ] as const) {
    for (const [transform, words] of keywordsByTransform) {
      it(`have the keywords of the table in ${protocol} proposals: ${transform}`, async () => {
        const levelled = everyOption.find((one) => one.name === name) as LevelledOption;
        for (const proposal of words.flatMap((word) => proposalsOf(transform, word))) {
          const connection = connectionWith(levelled, proposal);
          const error = await errorOf(connection);
          assert.equal(error, rejection(connection, version), proposal);
          if (error !== undefined) assertReported(levelled, proposal);
        }
      });
    }
  }
});

/** ipman refuses a value that charon rejects, or warns of the version that it needs. */
function assertReported({ level, name, option }: LevelledOption, value: string): void {
  const extra = { [name]: value };
  const [problemsOf, warningsOf] =
    level === "child"
      ? [childExtraProblems, childExtraWarnings]
      : [connectionExtraProblems, connectionExtraWarnings];
  // charon does not get the options that ipman handles.
  if (problemsOf(extra).length > 0 || option.handled !== undefined) return;
  assert.match(warningsOf(extra)[0]?.message ?? "no warning", /^needs charon/, `${name}: ${value}`);
}

/** A connection with one option, which charon loads and cannot initiate. */
function connectionWith({ level, name, option }: LevelledOption, value: string): Message {
  const member = { [name]: option.list === true ? valuesOf(option, value) : value };
  const of = (own: LevelledOption["level"]) => (level === own ? member : {});
  return {
    remote_addrs: ["%any"],
    ...of("connection"),
    ...companions[name],
    local: { ...of("authentication") },
    remote: { auth: "psk" },
    children: { net: { ...of("child") } },
  };
}

/** The keyword alone, and in proposals that may contain it. */
function proposalsOf(transform: Transform, word: string): string[] {
  return [word, ...proposalsWith[transform].map((template) => template.replace("WORD", word))];
}
