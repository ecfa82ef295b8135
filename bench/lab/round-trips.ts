import type { Charon } from "../../lab/sites/charon.ts";
import { runGovici } from "../govici.ts";
import { highest, type Row } from "../row.ts";

const count = 2_000;
const rounds = 5;

/** Requests of a session to a real charon, one after the other. */
export async function roundTrips(charon: Charon, govici: string): Promise<Row> {
  await using session = await charon.session();
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const started = performance.now();
    for (let i = 0; i < count; i++) await session.request("version");
    ours.push((count * 1_000) / (performance.now() - started));
    const { nanoseconds = 0 } = runGovici(govici, "requests", charon.vici, String(count));
    theirs.push(1e9 / nanoseconds);
  }
  return {
    what: "requests to a real charon, one after the other",
    against: "govici 0.7.0",
    unit: "per second",
    ours: highest(ours),
    theirs: highest(theirs),
    goal: { atLeast: 0.9 },
    larger: true,
  };
}
