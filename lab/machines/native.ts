import { spawn, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { exitOf } from "./exit.ts";
import type { Machine } from "./machine.ts";

/** Tests whether the kernel can create an xfrm interface in a new namespace. */
const probe = "ip link add probe type xfrm dev lo if_id 1 2>/dev/null";

/** The host's kernel; the job runs in new network, mount and process namespaces. */
export const native: Machine = {
  name: "native",
  unavailable: () =>
    spawnSync("unshare", ["--net", "sh", "-c", probe]).status === 0
      ? undefined
      : "this kernel has no xfrm interfaces",
  ready: () => true,
  run: ({ script, exchange, limitSeconds }) => {
    const job = join(exchange, "job");
    writeFileSync(job, `mount -t tmpfs tmpfs /run\nip link set lo up\n${script}`);
    const options = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
    const child = spawn(
      "timeout",
      ["--kill-after=5", String(limitSeconds), "unshare", ...options, "bash", job],
      { stdio: ["ignore", "inherit", "inherit"] },
    );
    return exitOf(child);
  },
};
