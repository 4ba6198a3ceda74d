import { expect, test } from 'vitest';
import { clockStepNs } from '#agent/measure/clock-step.ts';

/** A clock that gives these readings, and from then on one that goes on by 5 ms each time. */
function clock(...readings: bigint[]): () => bigint {
  let last = 0n;
  return () => {
    last = readings.shift() ?? last + 5_000_000n;
    return last;
  };
}

test('the smallest step is found', () => {
  expect(clockStepNs(clock(0n, 10n, 10n, 50n, 60n, 75n, 80n, 180n))).toBe(15);
});

test('a process that is held up for longer than it looks still sees one step', () => {
  // The first reading says when to end, and the next one is later than that.
  expect(clockStepNs(clock(0n, 900_000_000n, 900_000_040n))).toBe(40);
});

test('the step of this machine’s clock is a whole number of nanoseconds', () => {
  const step = clockStepNs(() => process.hrtime.bigint());
  expect(Number.isSafeInteger(step) && step >= 1).toBe(true);
});
