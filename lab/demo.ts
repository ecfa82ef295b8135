import { setTimeout as pause } from "node:timers/promises";
import { listLinks } from "../src/adapters/netlink/links.ts";
import { netnsPath } from "../src/adapters/linux/namespace.ts";
import { NetlinkSocket } from "../src/adapters/netlink/socket.ts";
import { statusTable } from "../src/main/text/status-table.ts";
import { find, type Ipman } from "./sites/ipman.ts";
import { childSpec, connectionSpec, psk, secret, yaml } from "./sites/manifests.ts";
import { eventually, ip, sh } from "./sites/shell.ts";
import { answered, pings } from "./sites/pings.ts";
import { transfer } from "./sites/transfer.ts";
import { TwoSites } from "./sites/two-sites.ts";

/** The finished steps, for the table at the end. */
const steps: { what: string; seconds: number }[] = [];

async function step<T>(what: string, work: () => T | Promise<T>): Promise<T> {
  process.stdout.write(`\n\u001b[1m▶ ${what}\u001b[0m\n`);
  const since = performance.now();
  const result = await work();
  steps.push({ what, seconds: (performance.now() - since) / 1000 });
  return result;
}

function say(text: string): void {
  process.stdout.write(text.replace(/^(?=.)/gm, "  "));
}

/** Prints each state of a connection and its children until the connection is ready. */
async function showUntilReady(ipman: Ipman, id: string): Promise<void> {
  let last = "";
  await ipman.until((status) => {
    const connection = find(status, id);
    const states = [
      connection?.state,
      ...(connection?.children.map((c) => `${c.key} ${c.state}`) ?? []),
    ];
    const line = states.join(", ");
    if (line !== last) say(`${id}: ${line}\n`);
    last = line;
    return connection?.conditions.some((c) => c.type === "Ready" && c.status === "True") === true;
  }, 30_000);
}

function counters(): string {
  using socket = NetlinkSocket.open(netnsPath("ipman-102"));
  const xfrm = listLinks(socket).find((link) => link.name === "xfrm102")?.counters;
  return `xfrm102: ${xfrm?.packetsOut} packets out, ${xfrm?.packetsIn} packets in\n`;
}

function allAnswered(netns: string, address: string): void {
  const { sent, received } = pings(netns, 20, address);
  say(`${netns} pings ${address}: ${received} of ${sent} answered\n`);
  if (received < sent) throw new Error("pings were lost");
}

await using lab = await step("two sites: a node with charon, a peer with another, a cable", () =>
  TwoSites.build(),
);
const { ipman } = lab;
const cr = connectionSpec("partner");
await lab.mirror(cr);

await step("ipman run manifests/, with two files in it", async () => {
  ipman.apply("secret.yaml", yaml(secret({ partner: psk })));
  ipman.apply("partner.yaml", yaml(cr));
  say(yaml(cr));
  await ipman.start();
  await showUntilReady(ipman, "partner");
});

await step("ipman attach, for two workloads", () => {
  for (const netns of ["app-1", "app-2"]) {
    ip(`netns add ${netns}`);
    say(`${netns}: ${ipman.attach(netns, "partner", "child-2")}\n`);
  }
});

await step("traffic through the tunnel", async () => {
  allAnswered("app-1", "10.1.2.1");
  allAnswered("app-2", "10.1.2.1");
  const { bits_per_second: rate } = await transfer("peer", "app-1", "10.1.2.1", "16M");
  say(`app-1 sends 16 MB: ${(rate / 1e6).toFixed(0)} Mbit/s\n`);
  say(counters());
});

await step("a pool is changed: no IKE exchange, and the new address can be used", async () => {
  const pools = { primary: ["10.0.2.3-10.0.2.9/24"], vip: ["10.0.2.100/24"] };
  const child = childSpec(2, { ip_pools: pools });
  ipman.apply("partner.yaml", yaml(connectionSpec("partner", { children: { "child-2": child } })));
  ip("netns add app-3");
  const address = await eventually(() =>
    ipman.attach("app-3", "partner", "child-2", "--pool", "vip"),
  );
  say(`app-3: ${address}\n`);
  await eventually(() => allAnswered("app-3", "10.1.2.1"));
});

await step("the xfrm interface is deleted", async () => {
  ip("-n ipman-102 link del xfrm102");
  await eventually(() => answered("app-1", "10.1.2.1", "-c", "1", "-W", "0.1") || fail());
  allAnswered("app-1", "10.1.2.1");
});

await step("charon is killed, and started again as an init system would", async () => {
  await lab.node.stop("SIGKILL");
  await ipman.reason("partner", "CharonUnavailable");
  say(statusTable(await ipman.status()));
  await pause(200);
  await lab.node.start();
  await showUntilReady(ipman, "partner");
  await eventually(() => allAnswered("app-1", "10.1.2.1"));
});

await step("ipman is killed: the tunnel stays up, and the restarted ipman adopts it", async () => {
  await ipman.stop("SIGKILL");
  allAnswered("app-1", "10.1.2.1");
  await ipman.start("--teardown");
  await showUntilReady(ipman, "partner");
  allAnswered("app-1", "10.1.2.1");
  say(statusTable(await ipman.status()));
});

await step("SIGTERM with --teardown: ipman removes everything that it created", async () => {
  await ipman.stop();
  say(`namespaces left: ${sh("ls", "/run/netns").trim().split("\n").join(", ")}\n`);
  say(`SAs left in the kernel: ${ip("xfrm state").split("proto esp").length - 1}\n`);
});

process.stdout.write("\n\u001b[1mThe steps and their durations\u001b[0m\n");
for (const { what, seconds } of steps) {
  process.stdout.write(`${seconds.toFixed(1).padStart(6)} s  ${what}\n`);
}

function fail(): never {
  throw new Error("not yet");
}
