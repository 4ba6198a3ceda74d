// The refusal of unknown targets: what it says, and that a hundred names against thousands do not cost a hundred
// searches.
import { createHash } from 'node:crypto';
import { beforeEach, expect, test, vi } from 'vitest';
import { unknownTargetError } from '#core/targets/target-names.ts';
import { editDistance } from '#core/text/edit-distance.ts';
import { nearestNames } from '#core/text/nearest-names.ts';

vi.mock(import('#core/text/edit-distance.ts'), async (original) => {
  const module = await original();
  return { ...module, editDistance: vi.fn(module.editDistance) };
});
beforeEach(() => void vi.mocked(editDistance).mockClear());

/** Names of the greatest length without anything in common. */
const longName = (i: number): string => createHash('sha512').update(`${i}`).digest('hex');

test('twenty are named, and the nearest are sought for three, each among few letter by letter', () => {
  const known = Array.from({ length: 10_000 }, (_, i) => longName(i));
  const unknown = Array.from({ length: 100 }, (_, i) => ({ targetId: longName(-i - 1), path: `targets/${i}` }));
  const { issues } = unknownTargetError(unknown, known);
  expect(editDistance).toHaveBeenCalledTimes(3 * 100);
  expect(issues).toHaveLength(20);
  expect(issues[0]).toEqual({
    path: 'targets/0',
    message: expect.stringMatching(/^target '[0-9a-f]{128}' not found; nearest: [0-9a-f]{128}, /),
  });
  expect(issues[3]).toEqual({ path: 'targets/3', message: `target '${longName(-4)}' not found` });
});

test('the nearest of ten thousand are those that a search through all of them finds', () => {
  const names = Array.from({ length: 10_000 }, (_, i) => `board-${i}-ort`);
  expect(nearestNames('board-1234-ort', names)[0]).toBe('board-1234-ort');
  expect(nearestNames('bord-77-ort', names)[0]).toBe('board-77-ort');
});

test('there are none yet: each name says so', () => {
  const unknown = Array.from({ length: 5 }, (_, i) => ({ targetId: `t${i}`, path: `targets/${i}` }));
  for (const [i, { message }] of unknownTargetError(unknown, []).issues.entries()) {
    expect(message).toBe(`target 't${i}' not found; there are no targets yet`);
  }
});
