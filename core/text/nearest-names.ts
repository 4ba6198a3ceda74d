// Which known names somebody may have meant: by edit distance (Levenshtein 1966) to the whole name or to as many words
// of it as were given, a name that contains the given one or is contained in it first.
import { editDistance } from './edit-distance.ts';

/** Names compared letter by letter in one search: those whose letters differ least. */
const comparedNames = 100;
/** Longest part of a name that is compared. */
const comparedCharacters = 128;
/** Places in a name at which the given words are sought. */
const comparedPlaces = 16;

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
    const length = wanted.split('-').length;
    const parts = texts.map((text) => likestPart(wantedLetters, text, length));
    const leasts = texts.map((text, i) => {
      if (isContained(wanted, text)) return lengthDistance(wanted, text);
      const whole = bagDistance(wantedLetters, letters[i]!);
      const part = parts[i];
      return part === undefined ? whole : Math.min(whole, part.distance + lengthDistance(wanted, text));
    });
    // As whole numbers, which sort many times faster: the bound (of 128ths), and below it the place.
    const placed = Float64Array.from(leasts, (least, i) => 128 * least * 2 ** 32 + i).sort();
    const bounded = Array.from(placed.subarray(0, comparedNames), (number) => number % 2 ** 32);
    const nearest: { readonly order: number; readonly distance: number }[] = [];
    for (const order of bounded) {
      // No later name can be nearer than its bound.
      if (nearest.length >= count && leasts[order]! > nearest[count - 1]!.distance) break;
      nearest.push({ order, distance: distanceOf(wanted, texts[order]!, parts[order]?.words) });
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

function distanceOf(wanted: string, text: string, part: string | undefined): number {
  if (isContained(wanted, text)) return lengthDistance(wanted, text);
  const whole = editDistance(wanted, text);
  return part === undefined ? whole : Math.min(whole, editDistance(wanted, part) + lengthDistance(wanted, text));
}

/** The run of `length` words in a text with the most alike letters; undefined where the text has no more
 * words than that. */
function likestPart(wantedLetters: Uint8Array, text: string, length: number) {
  const words = text.split('-');
  if (words.length <= length) return undefined;
  const starts = words.slice(0, Math.min(comparedPlaces, words.length - length + 1));
  return starts
    .map((_, start) => words.slice(start, start + length).join('-'))
    .map((run) => ({ words: run, distance: bagDistance(wantedLetters, lettersOf(run)) }))
    .reduce((best, own) => (own.distance < best.distance ? own : best));
}

const isContained = (a: string, b: string): boolean => a !== '' && (a.includes(b) || b.includes(a));

/** Below 1: among equally near names the one of the most alike length. */
const lengthDistance = (a: string, b: string): number => Math.abs(a.length - b.length) / 128;

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
