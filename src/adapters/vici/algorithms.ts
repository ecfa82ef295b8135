import type { Message, Session } from "vici-client";
import type { CharonAlgorithms } from "../../model/charon/proposals/charon-algorithms.ts";
import type { CharonVersion } from "../../model/charon/proposals/charon-version.ts";
import { isSection } from "./section.ts";

/** The sections of `get-algorithms` that proposals are made of; `dh` is `ke` since 6.0. */
const sections = ["encryption", "aead", "integrity", "prf", "dh", "ke"];

/** The algorithms that a charon has; undefined if its version is not a number. */
export async function readAlgorithms(session: Session): Promise<CharonAlgorithms | undefined> {
  const { version } = await session.request("version");
  return algorithmsIn(version, await session.request("get-algorithms"));
}

/** The algorithms in a reply to `get-algorithms`. */
export function algorithmsIn(version: string, reply: Message): CharonAlgorithms | undefined {
  const number = /^\d+\.\d+\.\d+/.exec(version)?.[0] as CharonVersion | undefined;
  if (number === undefined) return undefined;
  const names = sections.flatMap((name) => {
    const section = reply[name];
    return isSection(section) ? Object.keys(section) : [];
  });
  return { version: number, names: new Set(names) };
}
