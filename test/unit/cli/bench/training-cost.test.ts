// What a run is billed for, against sums done by hand.
import { expect, it } from 'vitest';
import { costOf } from '#cli/bench/training-cost.ts';

const nothing = { seconds: 0, gets: 0, puts: 0 };

it('bills seconds, waiting for S3, calls, transitions and requests', () => {
  const cost = costOf({
    snapshot: { seconds: 2, gets: 1600, puts: 0 },
    fit: { seconds: 100, gets: 0, puts: 0 },
    fits: 3,
    fold: nothing,
    folds: 0,
    batch: { seconds: 7, gets: 50, puts: 50 },
    batches: 2,
  });
  // 1,600 reads, sixteen at once, wait 3 s; 100 requests of a batch 3 s; five short tasks take 25 s.
  const seconds = 2 + 3 + 3 * 100 + 2 * (7 + 3) + 25;
  expect(cost.lambdaGbS).toBeCloseTo((seconds * 1769) / 1024, 9);
  expect([cost.s3Gets, cost.s3Puts]).toEqual([1700, 100]);
  // 1 + 3 + 2 + 5 tasks.
  const tasks = 11 * (0.0000002 + 0.000025);
  expect(cost.usd).toBeCloseTo(cost.lambdaGbS * 0.0000133334 + tasks + 1700 * 4e-7 + 100 * 5e-6, 12);
});
