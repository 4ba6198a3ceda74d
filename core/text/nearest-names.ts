// Which known names somebody may have meant: by edit distance (Levenshtein 1966), a name that contains the given one
// or is contained in it first.

/** Names compared letter by letter in one search: those whose letters differ least. */
const comparedNames = 500;
/** Longest part of a name that is compared. */
const comparedCharacters = 128;

/** At most `count` of `names`, nearest first; ties in the order given. Bounded: among very many names that are all far
 * from the given one, only those with the most alike letters are compared in full. */
export function nearestNames(given: string, names: readonly string[], count = 3): string[] {
  const wanted = normal(given);
  const letters = lettersOf(wanted);
  const bounded = names
    .map((name, order) => {
      const text = normal(name);
      return { name, text, order, least: leastDistance(wanted, letters, text) };
    })
    .sort((a, b) => a.least - b.least || a.order - b.order)
    .slice(0, comparedNames);
  const nearest: { readonly name: string; readonly order: number; readonly distance: number }[] = [];
  for (const { name, text, order, least } of bounded) {
    // No later name can be nearer than its bound.
    if (nearest.length >= count && least > nearest[count - 1]!.distance) break;
    nearest.push({ name, order, distance: distanceOf(wanted, text) });
    nearest.sort((a, b) => a.distance - b.distance || a.order - b.order).splice(count);
  }
  return nearest.map(({ name }) => name);
}

/** Case and the kind of separator are what people mistype most; they do not count. */
function normal(name: string): string {
  return name
    .slice(0, comparedCharacters)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-');
}

function distanceOf(a: string, b: string): number {
  return isContained(a, b) ? Math.abs(a.length - b.length) / 100 : editDistance(a, b);
}

const isContained = (a: string, b: string): boolean => a !== '' && (a.includes(b) || b.includes(a));

/** A lower bound of the distance, in one pass: letters that one has and the other has not (Navarro 2001, bag
 * distance). */
function leastDistance(wanted: string, letters: Int16Array, text: string): number {
  if (isContained(wanted, text)) return Math.abs(wanted.length - text.length) / 100;
  const left = letters.slice();
  for (let i = 0; i < text.length; i++) left[letterOf(text, i)]!--;
  let missing = 0;
  let surplus = 0;
  for (const difference of left) {
    if (difference > 0) missing += difference;
    else surplus -= difference;
  }
  return Math.max(missing, surplus);
}

function lettersOf(text: string): Int16Array {
  const letters = new Int16Array(128);
  for (let i = 0; i < text.length; i++) letters[letterOf(text, i)]!++;
  return letters;
}

/** Normal names are ASCII. */
const letterOf = (text: string, i: number): number => text.charCodeAt(i) & 127;

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
