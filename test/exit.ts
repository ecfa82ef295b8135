import { after } from "node:test";

/**
 * Loaded before each test file: ends its process some seconds after its last test, although a
 * scenario that failed left handles open. `--test-force-exit` ends it at once, and the results
 * that the process has not yet written are lost.
 */
const graceMs = 2_000;

if (process.env["NODE_TEST_CONTEXT"] !== undefined) {
  after(() => {
    setTimeout(() => process.exit(), graceMs).unref();
  });
}
