// The refusal of unknown targets: what it says, and that a hundred names against thousands do not cost a hundred
// searches.
import { expect, test } from 'vitest';
import { unknownTargetError } from '#core/targets/target-names.ts';
import { nearestNames } from '#core/text/nearest-names.ts';

/** Counts how often its names are gone through. */
class CountedNames extends Array<string> {
  static searches = 0;
  static override get [Symbol.species]() {
    return Array;
  }
  override map<T>(each: (name: string, index: number, all: string[]) => T): T[] {
    CountedNames.searches++;
    return super.map(each);
  }
}

test('twenty are named, and the nearest are sought for three', () => {
  const known = CountedNames.from({ length: 10_000 }, (_, i) => `target-${i}`) as CountedNames;
  CountedNames.searches = 0;
  const unknown = Array.from({ length: 100 }, (_, i) => ({ targetId: `targot-${i}`, path: `targets/${i}` }));
  const { issues } = unknownTargetError(unknown, known);
  expect(CountedNames.searches).toBe(3);
  expect(issues).toHaveLength(20);
  expect(issues[0]).toEqual({
    path: 'targets/0',
    message: expect.stringMatching(/^target 'targot-0' not found; nearest: /),
  });
  expect(issues[3]).toEqual({ path: 'targets/3', message: "target 'targot-3' not found" });
});

test('the nearest of ten thousand are those that a search through all of them finds', () => {
  const names = Array.from({ length: 10_000 }, (_, i) => `board-${i}-ort`);
  expect(nearestNames('board-1234-ort', names)[0]).toBe('board-1234-ort');
  expect(nearestNames('bord-77-ort', names)[0]).toBe('board-77-ort');
});
