/** Words of fewer letters are similar only if they differ in one place. */
const shortWord = 6;

/**
 * Finds the candidate that differs least from a word: by one letter that is missing, additional,
 * different or exchanged with its neighbour, or by two of a longer word.
 */
export function similarWord(word: string, candidates: Iterable<string>): string | undefined {
  let least = word.length < shortWord ? 1 : 2;
  let found: string | undefined;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - word.length) > least) continue;
    const distance = distanceOf(word, candidate);
    if (distance > least || (found !== undefined && distance === least)) continue;
    least = distance;
    found = candidate;
  }
  return found;
}

/** The number of changes between two words (optimal string alignment). */
function distanceOf(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = at(last, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let distance = Math.min(replaced, at(last, j) + 1, at(row, j - 1) + 1);
      const isExchanged = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (isExchanged) distance = Math.min(distance, at(beforeLast, j - 2) + 1);
      row.push(distance);
    }
    beforeLast = last;
    last = row;
  }
  return at(last, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Infinity;
}
