import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { makeAuthority } from "../../adapters/kubernetes/admission/certificates.ts";
import { clientAuthorityIn } from "./client-authority.ts";

describe("--client-authority", () => {
  it("is a file with a certificate, or nothing", async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "client-authority-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const file = join(folder, "ca.crt");
    const refused = { message: /^--client-authority .*ca\.crt: has to be a file with/ };
    assert.throws(() => clientAuthorityIn(file), refused);
    writeFileSync(file, "AAA");
    assert.throws(() => clientAuthorityIn(file), refused);
    const { certificate } = await makeAuthority({ name: "CN=clients", lifetimeMs: 60_000 });
    writeFileSync(file, certificate);
    assert.equal(clientAuthorityIn(file), certificate);
    assert.equal(clientAuthorityIn(""), undefined);
  });
});
