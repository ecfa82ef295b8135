import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { describe, it } from "node:test";
import { errnoName, NetlinkError, systemCall } from "./errors.ts";

const { EAGAIN, EINVAL, ENOENT, EOPNOTSUPP } = constants.errno;

describe("the error of a system call", () => {
  it("has the kernel's name of an errno that has two names", () => {
    assert.equal(errnoName(EAGAIN), "EAGAIN");
    assert.equal(errnoName(EOPNOTSUPP), "EOPNOTSUPP");
    assert.equal(errnoName(9_999), "errno 9999");
  });

  it("has its operation, the kernel's text if there is one, and its cause", () => {
    const cause = new Error("before");
    const error = new NetlinkError("add link", EINVAL, "Unknown device type", { cause });
    assert.equal(error.message, "add link: EINVAL (Unknown device type)");
    assert.equal(new NetlinkError("add link", EINVAL).message, "add link: EINVAL");
    assert.equal(error.op, "add link");
    assert.equal(error.cause, cause);
  });

  it("is retryable if the same call may succeed in a moment", () => {
    assert.ok(new NetlinkError("list", EAGAIN).retryable);
    assert.ok(!new NetlinkError("list", EINVAL).retryable);
  });

  it("replaces Node's own system error, and no other error", () => {
    const read = () => readFileSync("/nonexistent/file");
    assert.throws(() => systemCall("read settings", read), {
      name: "NetlinkError",
      op: "read settings",
      code: "ENOENT",
      message: "read settings: ENOENT",
    });
    const fault = new Error("a fault");
    const fail = () => {
      throw fault;
    };
    assert.throws(() => systemCall("read settings", fail), fault);
    assert.equal(errnoName(ENOENT), "ENOENT");
  });
});
