/** What somebody may have meant who wrote a name that does not exist. */

/** The name that is most like `wanted`; undefined if none is much like it. */
export function nearestName(wanted: string, names: Iterable<string>): string | undefined {
  const lower = wanted.toLowerCase();
  let best: string | undefined;
  let least = Infinity;
  for (const name of names) {
    const other = name.toLowerCase();
    // Part of a longer name, as MatMul of BatchMatMul, or three letters off at most.
    const isPart = lower.length > 2 && other.includes(lower);
    const distance = isPart ? Math.abs(other.length - lower.length) / 8 : distanceOf(lower, other);
    if (distance >= least || distance > Math.min(3, lower.length / 2)) continue;
    least = distance;
    best = name;
  }
  return best;
}

/** Letters to insert, delete or replace to make one word of another (Levenshtein 1966). */
function distanceOf(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j] + 1, next[j - 1] + 1));
    }
    row = next;
  }
  return row[b.length];
}
