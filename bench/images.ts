import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectionSpec } from "../lab/sites/manifests.ts";
import { ip, sh } from "../lab/sites/shell.ts";
import { parseAddress, type Address } from "../src/model/net/address.ts";
import { attachVariable } from "../src/model/attach/attach-order.ts";
import { connectionFromCr } from "../src/model/validation/connection-from-cr.ts";
import type { Connection } from "../src/model/api/connection.ts";
import { injectionPatch } from "../src/model/attach/pod-injection.ts";
import { parsePrefix, type Prefix } from "../src/model/net/prefix.ts";
import { fastest, type Row } from "./row.ts";

const root = join(import.meta.dirname, "..");
const netns = "ipman-bench-attach";
const repetitions = 15;

/** How large the images are, and how long a workload waits for its init container's program. */
export function images(): Row[] {
  const folder = mkdtempSync(join(tmpdir(), "bench-images-"));
  try {
    execFileSync(join(root, "images/build.sh"), [folder], { stdio: ["ignore", "ignore", "pipe"] });
    const sizes = (["ipman", "ipman-charon", "ipman-charon-legacy"] as const).map((name) =>
      sizeRow(folder, name),
    );
    return [...sizes, attachRow(unpacked(folder))];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The compressed size, as a registry stores the image. */
function sizeRow(folder: string, name: string): Row {
  const bytes = Number(sh("sh", "-c", `gzip -c '${join(folder, name)}.tar' | wc -c`));
  const what = `image ${name}, compressed`;
  return { what, against: "–", unit: "MB", ours: bytes / 1_000_000, goal: { atMost: 80 } };
}

/** Unpacks the image's layers into a root file system; returns its path. */
function unpacked(folder: string): string {
  const layers = join(folder, "layers");
  const rootfs = join(folder, "rootfs");
  sh("mkdir", layers, rootfs);
  sh("tar", "-C", layers, "-xf", join(folder, "ipman.tar"));
  const [manifest] = JSON.parse(readFileSync(join(layers, "manifest.json"), "utf8")) as [
    { Layers: string[] },
  ];
  for (const layer of manifest.Layers) sh("tar", "-C", rootfs, "-xf", join(layers, layer));
  return rootfs;
}

/** Runs in a network namespace like a pod's, on this machine's kernel, with a read-only root. */
function attachRow(rootfs: string): Row {
  ip(`netns add ${netns}`);
  try {
    ip(`-n ${netns} link add eth0 type veth peer name peer0`);
    ip(`-n ${netns} addr add 10.244.1.9/24 dev eth0`);
    for (const device of ["eth0", "peer0"]) ip(`-n ${netns} link set ${device} up`);
    ip(`-n ${netns} route add default via 10.244.1.1`);
    const order = orderOfAPod();
    const ours: number[] = [];
    const theirs: number[] = [];
    for (let i = 0; i < repetitions; i++) {
      theirs.push(milliseconds(rootfs, order, "-e 0"));
      ours.push(milliseconds(rootfs, order, "/app/ipman.js attach --self"));
      ip(`-n ${netns} link del vxlan102`);
    }
    return {
      what: "ipman attach in its container, start to exit",
      against: `Node that does nothing, beside it: ${fastest(theirs).toFixed(0)} ms`,
      unit: "ms",
      ours: fastest(ours),
      goal: { atMost: 150 },
    };
  } finally {
    ip(`netns del ${netns}`);
  }
}

function milliseconds(rootfs: string, order: string, program: string): number {
  // Mounts as a container runtime does; the time starts after that.
  const script = `mount --bind '${rootfs}' '${rootfs}'
mount -o remount,bind,ro '${rootfs}'
mount -t proc proc '${rootfs}/proc'
mount --bind /dev '${rootfs}/dev'
begun=$(date +%s%N)
chroot '${rootfs}' /usr/bin/node ${program} >&2
echo $((($(date +%s%N) - begun) / 1000))`;
  const env = { ...process.env, [attachVariable]: order, NODE_ENV: "production" };
  const args = ["netns", "exec", netns, "sh", "-ec", script];
  return Number(execFileSync("ip", args, { env, encoding: "utf8", stdio: "pipe" })) / 1_000;
}

/** The value of `$IPMAN_ATTACH` that the operator's webhook would set. */
function orderOfAPod(): string {
  const parsed = connectionFromCr(connectionSpec("bench"));
  const connection = (parsed as { value: Connection }).value;
  const [child] = connection.children;
  if (child === undefined) throw new Error("the lab's connection has no child");
  const patch = injectionPatch(
    { metadata: {}, spec: { containers: [] } },
    {
      attachments: [
        {
          listed: undefined,
          connection,
          child,
          pool: "primary",
          tunnelMtu: 1422,
          reservationId: "",
          proof: "",
          address: parsePrefix("10.0.2.3/24") as Prefix,
          gateway: parseAddress("10.244.1.3") as Address,
          secrets: {
            mac: "02:00:00:00:00:03",
            gatewayMac: "02:00:00:00:00:01",
            seeds: [1, 2, 3, 4, 5, 6, 7, 8],
          },
        },
      ],
      vxlanPort: 7789,
      image: { name: "ipman", pullPolicy: "Never" },
    },
  );
  const added = patch.find(({ path }) => path === "/spec/initContainers")?.value;
  const [container] = added as { env: { name: string; value: string }[] }[];
  return container?.env.find(({ name }) => name === attachVariable)?.value ?? "";
}
