import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { exitOf } from "./exit.ts";
import type { Machine } from "./machine.ts";

const inside = join(import.meta.dirname, "inside.sh");
const unpacker = join(import.meta.dirname, "../kernel/stock.sh");

/**
 * Debian's stock kernel in QEMU, which needs no compilation and is slow. KVM is not used, since a
 * /dev/kvm in a virtual machine may exist and hang.
 */
export const qemu: Machine = {
  name: "qemu",
  unavailable: () => {
    if (process.arch !== "x64") return "the stock kernel is fetched for x86-64";
    return spawnSync("qemu-system-x86_64", ["--version"]).status === 0
      ? undefined
      : "there is no qemu-system-x86_64";
  },
  ready: () => true,
  run: async ({ script, exchange, limitSeconds }) => {
    const kernel = debianKernel();
    writeFileSync(join(exchange, "job"), script);
    const image = readdirSync(join(kernel, "boot")).find((name) => name.startsWith("vmlinuz"));
    const boot = [
      "console=ttyS0 quiet panic=-1",
      `ipman.exchange=${exchange} ipman.modules=${join(kernel, "lib/modules")}`,
      `ipman.inside=${inside}`,
    ];
    const options = [
      "-machine",
      "pc,accel=tcg",
      "-cpu",
      "max",
      "-smp",
      "2",
      "-m",
      "3072",
      "-nodefaults",
      "-no-reboot",
      "-display",
      "none",
      "-serial",
      "stdio",
      "-kernel",
      join(kernel, "boot", image ?? "vmlinuz"),
      "-initrd",
      join(kernel, "initramfs"),
      "-append",
      boot.join(" "),
      ...share("host", "/", "readonly=on"),
      ...share("exchange", exchange, "readonly=off"),
    ];
    const child = spawn(
      "timeout",
      ["--kill-after=5", String(limitSeconds), "qemu-system-x86_64", ...options],
      { stdio: ["ignore", "inherit", "inherit"] },
    );
    await exitOf(child);
    const status = join(exchange, "status");
    return existsSync(status) ? Number(readFileSync(status, "utf8")) : 1;
  },
};

/** A folder of the host, with the tag by which the machine mounts it. */
function share(tag: string, path: string, access: string): string[] {
  const options = `local,path=${path},mount_tag=${tag},security_model=none,multidevs=remap,${access}`;
  return ["-virtfs", options];
}

function debianKernel(): string {
  const { status, stdout } = spawnSync(unpacker, { stdio: ["ignore", "pipe", "inherit"] });
  if (status !== 0) throw new Error("Debian's kernel could not be unpacked");
  return stdout.toString().trim();
}
