import { readFileSync } from "node:fs";
import { join } from "node:path";

/** charon's settings of retransmission; times in seconds. */
export interface Retransmission {
  readonly timeout: number;
  readonly base: number;
  readonly limit: number;
  readonly tries: number;
}

const settings = join(import.meta.dirname, "../../images/strongswan.conf");

/** The settings of the images. */
export function imageRetransmission(): Retransmission {
  const text = readFileSync(settings, "utf8");
  const valueOf = (name: string) => {
    const value = new RegExp(`^ *retransmit_${name} = ([\\d.]+)$`, "m").exec(text)?.[1];
    if (value === undefined) throw new Error(`${settings} has no retransmit_${name}`);
    return Number(value);
  };
  return {
    timeout: valueOf("timeout"),
    base: valueOf("base"),
    limit: valueOf("limit"),
    tries: valueOf("tries"),
  };
}

/** The lines for strongswan.conf. */
export function retransmissionLines(of: Retransmission): string[] {
  return Object.entries(of).map(([name, value]) => `retransmit_${name} = ${value}`);
}

/**
 * The seconds until charon sends an unanswered request again, after each time; after the last ones it gives
 * up.
 */
export function retransmissionWaits({ timeout, base, limit, tries }: Retransmission): number[] {
  return Array.from({ length: tries + 1 }, (_, sent) => Math.min(timeout * base ** sent, limit));
}
