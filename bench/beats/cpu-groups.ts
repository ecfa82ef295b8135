import { existsSync, mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const root = "/sys/fs/cgroup";
const isUnified = existsSync(join(root, "cgroup.controllers"));

/** The shares that the kubelet gives to a request of so many thousandths of a processor. */
const sharesOf = (milli: number) => Math.max(2, Math.floor((milli * 1_024) / 1_000));
/** The weight that shares become in cgroup v2. */
const weightOf = (shares: number) => 1 + Math.floor(((shares - 2) * 9_999) / 262_142);

/** Control groups with the processor shares of pods, below one of their own. */
export class CpuGroups implements Disposable {
  readonly #made: string[] = [];
  readonly #top: string;

  /** @param milli the share of all of them against other processes of the machine */
  constructor(name: string, milli: number) {
    this.#top = this.#make(join(isUnified ? root : join(root, "cpu"), name), milli);
  }

  /** A group of pods or of a pod; returns its path. */
  add(name: string, milli: number, parent = this.#top): string {
    return this.#make(join(parent, name), milli);
  }

  [Symbol.dispose](): void {
    for (const path of this.#made.toReversed()) rmdirSync(path);
  }

  #make(path: string, milli: number): string {
    if (isUnified) writeFileSync(join(path, "../cgroup.subtree_control"), "+cpu");
    mkdirSync(path);
    this.#made.push(path);
    const [file, value] = isUnified
      ? ["cpu.weight", weightOf(sharesOf(milli))]
      : ["cpu.shares", sharesOf(milli)];
    writeFileSync(join(path, file as string), String(value));
    return path;
  }
}
