import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { makeAuthority } from "../../adapters/kubernetes/admission/certificates.ts";
import { clientAuthority } from "./client-authority.ts";
import { parseValue } from "./option.ts";

describe("--client-authority", () => {
  it("is a file with a certificate, or empty", async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "client-authority-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const file = join(folder, "ca.crt");
    const parse = (path: string) => parseValue(clientAuthority, path);
    const refused = (reason: string) => ({
      name: "UsageError",
      message: new RegExp(`^--client-authority must be a file with .*ca\\.crt: ${reason}`),
    });
    assert.throws(() => parse(file), refused("no such file"));
    writeFileSync(file, "AAA");
    assert.throws(() => parse(file), refused("it has no certificate"));
    const { certificate } = await makeAuthority({ name: "CN=clients", lifetimeMs: 60_000 });
    writeFileSync(file, certificate);
    assert.equal(parse(file), certificate);
    assert.equal(parse(""), undefined);
  });
});
