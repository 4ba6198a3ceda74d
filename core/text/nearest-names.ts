// Which known names somebody may have meant: by edit distance (Levenshtein 1966), a name that contains the given one
// or is contained in it first.

/** At most `count` of `names`, nearest first; ties in the order given. */
export function nearestNames(given: string, names: readonly string[], count = 3): string[] {
  const wanted = normal(given);
  return names
    .map((name, order) => ({ name, order, distance: distanceOf(wanted, normal(name)) }))
    .sort((a, b) => a.distance - b.distance || a.order - b.order)
    .slice(0, count)
    .map(({ name }) => name);
}

/** Case and the kind of separator are what people mistype most; they do not count. */
function normal(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]+/g, '-');
}

function distanceOf(a: string, b: string): number {
  const contained = a !== '' && (a.includes(b) || b.includes(a));
  return contained ? Math.abs(a.length - b.length) / 100 : editDistance(a, b);
}

/** Fewest insertions, deletions and substitutions that turn a into b. */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, substituted));
    }
    row = next;
  }
  return row[b.length]!;
}
