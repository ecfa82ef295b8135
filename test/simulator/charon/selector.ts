import type { SimulatedChild, SimulatedIke } from "./sas.ts";

/** The SAs that a command is about, by name or unique id. */
export type Selector = Partial<Record<"ike" | "child" | "ike-id" | "child-id", string>>;

export function selectedIkes(ikes: readonly SimulatedIke[], selector: Selector): SimulatedIke[] {
  const { ike: name, "ike-id": id } = selector;
  return ikes.filter(
    (ike) =>
      (name === undefined || ike.name === name) &&
      (id === undefined || String(ike.uniqueId) === id),
  );
}

/** Undefined if the selector is for IKE SAs. */
export function selectedChildren(
  ikes: readonly SimulatedIke[],
  selector: Selector,
): { ike: SimulatedIke; child: SimulatedChild }[] | undefined {
  const { child: name, "child-id": id } = selector;
  if (name === undefined && id === undefined) return undefined;
  return selectedIkes(ikes, selector).flatMap((ike) =>
    ike.children
      .filter((child) => name === undefined || child.name === name)
      .filter((child) => id === undefined || String(child.uniqueId) === id)
      .map((child) => ({ ike, child })),
  );
}
