import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { stations, target, type TwoNodes } from "../two-nodes.ts";

/** Bytes a second; a machine of User-Mode Linux that is busy with traffic sends few pings. */
const streamRate = "1M";

/** Planned moves between two nodes under load, for a worker that knows both gateways. */
export function moveScenarios(two: TwoNodes, rounds: number): void {
  describe("planned moves between two nodes, while a worker downloads", () => {
    let stream: Promise<string>;

    before(async () => {
      await two.replaceWorkers();
      const curl = `curl -s -m 120 --limit-rate ${streamRate} -o /dev/null http://${target}/large`;
      const counted = `n=0; until [ -e /run/moved ]; do ${curl} || exit 1; n=$((n+1)); done; echo $n`;
      stream = two.inWorker(`rm -f /run/moved; ${counted}`);
      // The test awaits it at the end.
      stream.catch(() => {});
    });
    after(() => two.inWorker("touch /run/moved"));

    it(
      `lose none of the worker's pings in ${2 * rounds} moves, and at most one of the partner's in each`,
      { timeout: 100_000 + 60_000 * rounds },
      async () => {
        const workers: string[][] = [];
        const partners: number[] = [];
        for (const [path, roles] of Array.from({ length: rounds }).flatMap(() => stations)) {
          const { worker, partner } = await two.underBothPings(5, () => {
            const { output, status } = two.move(path);
            assert.equal(status, 0, output);
          });
          workers.push([...worker.lost]);
          partners.push(partner.lost.length);
          process.stdout.write(`      ${partner.lost.length} of ${partner.sent} of the partner\n`);
          await two.rolesAre(`main reserve ${roles}`);
          await two.isReady(path === "main" ? "reserve" : "main");
        }
        assert.deepEqual(workers.flat(), []);
        assert.ok(Math.max(...partners) <= 1, `the partner lost ${partners.join(", ")}`);
      },
    );

    it("end no TCP connection", { timeout: 100_000 }, async () => {
      await two.inWorker("touch /run/moved");
      const downloads = Number(await stream);
      process.stdout.write(`      ${downloads} downloads\n`);
      assert.ok(downloads > 0, String(downloads));
    });
  });
}
