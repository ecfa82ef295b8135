import type { VersionRange } from "../proposals/charon-version.ts";
import type { ValueKind } from "./value-kind.ts";

/** An option of charon's command `load-conn`, and what ipman does with it. */
export interface CharonOption {
  readonly kind: ValueKind;
  /** VICI has a list, which a manifest separates by commas; each item is of the kind. */
  readonly list?: true;
  /** The versions that know the option; without it, all do. */
  readonly versions?: VersionRange;
  /** Whether charon knows the option depends on how it was built. */
  readonly dependsOnBuild?: true;
  /** Why ipman refuses the option, with the remedy. */
  readonly refused?: string;
  /** The values that ipman accepts where charon accepts more. */
  readonly limit?: {
    /** The values for the documentation. */
    readonly to: string;
    /** Why ipman refuses a value, with the remedy. */
    readonly objection: (value: string) => string | undefined;
  };
  /** How ipman handles the option itself; charon does not get the value. */
  readonly handled?: string;
  /** Why an accepted value is likely a mistake. */
  readonly warning?: (value: string) => string | undefined;
  /** A sentence about the option for the documentation, such as when there is a warning. */
  readonly remark?: string;
}

/** The values of an option: one, or the items of a list. */
export function valuesOf({ list }: CharonOption, value: string): string[] {
  return list === true ? value.split(",").map((item) => item.trim()) : [value];
}
