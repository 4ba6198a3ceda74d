// Which known names somebody may have meant: by edit distance (Levenshtein 1966), a name that contains the given one
// or is contained in it first.
import { editDistance } from './edit-distance.ts';

/** Names compared letter by letter in one search: those whose letters differ least. */
const comparedNames = 100;
/** Longest part of a name that is compared. */
const comparedCharacters = 128;

/** At most `count` names, nearest first; ties in the order of the names. */
export type NameSearch = (given: string, count?: number) => string[];

/** @see nameSearch, which whoever seeks several names makes once */
export const nearestNames = (given: string, names: readonly string[], count?: number): string[] =>
  nameSearch(names)(given, count);

/** A search among `names`, for names given later. Bounded: among very many names that are all far from the given one,
 * only those with the most alike letters are compared in full. */
export function nameSearch(names: readonly string[]): NameSearch {
  const texts = names.map(normal);
  const letters = texts.map(lettersOf);
  return (given, count = 3) => {
    const wanted = normal(given);
    const wantedLetters = lettersOf(wanted);
    const leasts = texts.map((text, i) =>
      isContained(wanted, text) ? containedDistance(wanted, text) : bagDistance(wantedLetters, letters[i]!),
    );
    // As whole numbers, which sort many times faster: the bound (of 128ths), and below it the place.
    const placed = Float64Array.from(leasts, (least, i) => 128 * least * 2 ** 32 + i).sort();
    const bounded = Array.from(placed.subarray(0, comparedNames), (number) => number % 2 ** 32);
    const nearest: { readonly order: number; readonly distance: number }[] = [];
    for (const order of bounded) {
      // No later name can be nearer than its bound.
      if (nearest.length >= count && leasts[order]! > nearest[count - 1]!.distance) break;
      nearest.push({ order, distance: distanceOf(wanted, texts[order]!) });
      nearest.sort((a, b) => a.distance - b.distance || a.order - b.order).splice(count);
    }
    return nearest.map(({ order }) => names[order]!);
  };
}

/** Case and the kind of separator are what people mistype most; they do not count. */
function normal(name: string): string {
  return name
    .slice(0, comparedCharacters)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-');
}

function distanceOf(a: string, b: string): number {
  return isContained(a, b) ? containedDistance(a, b) : editDistance(a, b);
}

const isContained = (a: string, b: string): boolean => a !== '' && (a.includes(b) || b.includes(a));

const containedDistance = (a: string, b: string): number => Math.abs(a.length - b.length) / 128;

/** A lower bound of the edit distance: letters that one has and the other has not (Navarro 2001, bag distance). */
function bagDistance(a: Uint8Array, b: Uint8Array): number {
  let missing = 0;
  let surplus = 0;
  for (let letter = 0; letter < a.length; letter++) {
    const difference = a[letter]! - b[letter]!;
    if (difference > 0) missing += difference;
    else surplus -= difference;
  }
  return Math.max(missing, surplus);
}

/** How often each letter stands in a normal name, which is ASCII and not longer than 128. */
function lettersOf(text: string): Uint8Array {
  const letters = new Uint8Array(128);
  for (let i = 0; i < text.length; i++) letters[text.charCodeAt(i) & 127]!++;
  return letters;
}
