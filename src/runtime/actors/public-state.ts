import { publicStates, type PublicState } from "../../model/status/public-state.ts";

/** The public state of an actor; undefined for a machine whose chart has none, such as a gateway. */
export function publicStateOf({
  tags,
}: {
  readonly tags: ReadonlySet<string>;
}): PublicState | undefined {
  return publicStates.find((state) => tags.has(state));
}
