import { codec } from "./codec.ts";

/** Every figure is a ratio of two measurements in this one run: above 1, ipman is faster. */
const { ours, theirs } = codec();
const ratio = theirs / ours;
process.stdout.write(
  [
    "what                                       ours         peer         ratio  goal",
    `decode + encode a list-sas reply (govici)  ${micro(ours)}  ${micro(theirs)}  ${ratio.toFixed(2).padStart(5)}  1.5`,
    "",
  ].join("\n"),
);

function micro(nanoseconds: number): string {
  return `${(nanoseconds / 1000).toFixed(1)} µs`.padStart(11);
}
