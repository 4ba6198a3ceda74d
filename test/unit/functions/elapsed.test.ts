import { expect, test } from 'vitest';
import { elapsedClock } from '#functions/shared/elapsed.ts';

/** A clock whose two sources a test moves, and what has elapsed on it since. */
function moved() {
  let [wall, monotonic] = [1e12, 5000];
  const clock = elapsedClock(
    () => wall,
    () => monotonic,
  );
  const start = clock();
  const after = (wallMs: number, monotonicMs: number): number => {
    wall += wallMs;
    monotonic += monotonicMs;
    return clock() - start;
  };
  return after;
}

test('counts what passes on both clocks once', () => {
  const after = moved();
  expect(after(300, 300)).toBe(300);
  expect(after(60_000, 60_000)).toBe(60_300);
});

test('does not follow a clock that is set back', () => {
  const after = moved();
  expect(after(-86_400_000, 100)).toBe(100);
  expect(after(500, 500)).toBe(600);
});

test('counts a freeze, in which the monotonic clock stood still, and a clock that is set forward', () => {
  const after = moved();
  expect(after(3_600_000, 0)).toBe(3_600_000);
  expect(after(1000, 1000)).toBe(3_601_000);
});

test('counts again a clock that is set back and then right', () => {
  const after = moved();
  after(-86_400_000, 0);
  expect(after(86_400_000, 0)).toBe(86_400_000);
});

test('does not take small differences of the two clocks for jumps', () => {
  const after = moved();
  for (let round = 0; round < 100; round++) {
    after(10, 0);
    after(0, 10);
  }
  expect(after(0, 0)).toBe(1000);
});
