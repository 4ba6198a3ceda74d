// How far two texts are apart: the fewest insertions, deletions and substitutions that turn one into the other
// (Levenshtein 1966), by the dynamic programme of Wagner and Fischer (1974) over one row.

/** A whole number; texts up to 65,535 UTF-16 units. */
export function editDistance(a: string, b: string): number {
  const row = Uint16Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const letter = a.charCodeAt(i - 1);
    let diagonal = i - 1;
    let left = i;
    row[0] = i;
    for (let j = 1; j <= b.length; j++) {
      const above = row[j]!;
      const substituted = letter === b.charCodeAt(j - 1) ? diagonal : diagonal + 1;
      left = Math.min(substituted, above + 1, left + 1);
      diagonal = above;
      row[j] = left;
    }
  }
  return row[b.length]!;
}
