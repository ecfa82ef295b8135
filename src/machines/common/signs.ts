/** The signs of a peer that does not allow what several paths may have at a time. */
export interface Signs {
  /** The paths whose IKE SA came up a moment ago. */
  readonly came: readonly string[];
  /** The paths whose IKE SA ended a moment ago, without a command of ipman. */
  readonly ended: readonly string[];
  /** How often the peer had one IKE SA instead of two. */
  readonly clashes: number;
  /** The hot standby that had a CHILD SA installed a moment ago, while the active path was answered. */
  readonly installed: string | undefined;
  /** The same, since the active path is not answered any more and its CHILD SAs are rekeyed. */
  readonly suspect: string | undefined;
}

export const noSigns: Signs = {
  came: [],
  ended: [],
  clashes: 0,
  installed: undefined,
  suspect: undefined,
};

/** A peer with such a limit keeps to it: two clashes are not due to chance. */
export const fewestClashes = 2;

/** Two signs within this time belong together; milliseconds. */
export const momentMs = 1_000;

/** Clashes that are further apart are not counted together; milliseconds. */
export const clashesMs = 600_000;

/** From a CHILD SA of a standby to the first probe that is not answered, at most; milliseconds. */
export const installationMs = 3_000;

/** For the rekey of the active path, and an answer after it; milliseconds. */
export const suspicionMs = 3_000;

/**
 * The IKE SA of a path came up. A peer that ends that of another path at the same time keeps one alone.
 * One that returns after its own end says nothing: the peer may have ended all, as in a restart.
 */
export function arrived(signs: Signs, path: string): Signs {
  if (signs.ended.includes(path)) return { ...signs, ended: without(signs.ended, path) };
  if (signs.ended.length > 0) return clashed(signs);
  return { ...signs, came: [...without(signs.came, path), path] };
}

/** The IKE SA of a path ended, and ipman did not end it. */
export function closed(signs: Signs, path: string): Signs {
  const came = without(signs.came, path);
  if (came.length > 0) return clashed(signs);
  return { ...signs, came, ended: [...without(signs.ended, path), path] };
}

/** The peer had one IKE SA instead of two. */
export function clashed(signs: Signs): Signs {
  return { ...signs, came: [], ended: [], clashes: Math.min(signs.clashes + 1, fewestClashes) };
}

/** A moment after an event of a path, its sign is forgotten. */
export function momentEnded(signs: Signs, path: string): Signs {
  return { ...signs, came: without(signs.came, path), ended: without(signs.ended, path) };
}

function without(paths: readonly string[], path: string): readonly string[] {
  return paths.filter((other) => other !== path);
}
