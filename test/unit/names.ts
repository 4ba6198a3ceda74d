// What the source calls its files and its exported types, for the test that one name means one thing. Takes source
// texts, reads nothing.
import { posix } from 'node:path';

const wordsOf = (file: string): string[] => posix.basename(file, '.ts').split('-');

/** The first folder below core: a room. */
function roomOf(file: string): string {
  const [, room = ''] = file.split('/');
  return room;
}

const pascal = (word: string): string => word[0]!.toUpperCase() + word.slice(1);

/** Files called by one word that a file of another room is called by too, or by which its name begins: `predict.ts`
 * beside `serve/predict-latencies.ts`. The parts that every search space has go by one name each, and a file that
 * defines the type of that very name may have it, and every room has its `keys.ts`. Files of core as `[path,
 * source]`. */
export function ambiguousFiles(files: readonly (readonly [string, string])[]): string[] {
  return files.flatMap(([file, source]) => {
    const words = wordsOf(file);
    const [word] = words as [string];
    if (words.length > 1 || word === 'keys') return [];
    if (new RegExp(`export (?:interface|type|class) ${pascal(word)}\\b`).test(source)) return [];
    const isPartOfSeveral = files.some(
      ([other]) => other !== file && roomOf(other) === roomOf(file) && posix.basename(other) === posix.basename(file),
    );
    if (isPartOfSeveral) return [];
    const others = files.filter(([other]) => roomOf(other) !== roomOf(file) && wordsOf(other)[0] === word);
    return others.length === 0 ? [] : [`${file}: ${others.map(([other]) => other).join(', ')}`];
  });
}

/** Names of several words that two rooms share. */
export function repeatedFiles(files: readonly (readonly [string, string])[]): string[] {
  const rooms = Map.groupBy(files, ([file]) => posix.basename(file));
  return [...rooms].flatMap(([name, own]) => {
    const distinct = new Set(own.map(([file]) => roomOf(file)));
    return name === 'keys.ts' || distinct.size < 2 ? [] : [`${name}: ${own.map(([file]) => file).join(', ')}`];
  });
}

/** Exported types that two files define, as `Name: file, file`. The two kinds of predictor name their parts alike. */
export function repeatedTypes(files: readonly (readonly [string, string])[]): string[] {
  const found = files.flatMap(([file, source]) =>
    [...source.matchAll(/^export (?:declare )?(?:interface|type|class) (\w+)/gm)].map(([, name]) => [name!, file]),
  );
  return [...Map.groupBy(found, ([name]) => name!)].flatMap(([name, own]) =>
    own.length < 2 || own.every(([, file]) => roomOf(file!) === 'predictor')
      ? []
      : [`${name}: ${own.map(([, file]) => file).join(', ')}`],
  );
}
