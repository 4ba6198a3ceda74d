// What an evaluation says of its progress, against sums done by hand.
import { expect, test } from 'vitest';
import { evaluationProgress } from '#cli/evaluate/evaluation-progress.ts';

test('the time left is known once fits and scoring were both seen, each at its own pace', () => {
  let now = 0;
  const lines: string[] = [];
  const progress = evaluationProgress(
    { seeds: [7, 8], steps: 100, draws: 17 },
    (line) => lines.push(line),
    () => now,
  );
  const first = progress.seed(7);
  now = 10;
  first.fitted(50, 1.25);
  now = 11;
  // Within two seconds of the last line.
  first.fitted(51, 1.25);
  now = 20;
  first.fitted(100, 1);
  first.scored(0);
  now = 30;
  first.scored(1);
  now = 34;
  first.scored(5);
  now = 46;
  first.scored(17);
  progress.seed(8);
  expect(lines).toEqual([
    'seed 7: step 0/100, time left unknown',
    'seed 7: step 50/100, loss 1.250, time left unknown',
    'seed 7: step 100/100, loss 1.000, time left unknown',
    'seed 7: scored 0/17, time left unknown',
    // What came before the first draw does not count.
    'seed 7: scored 1/17, time left unknown',
    // A second a draw: 12 of this seed; of the next 17, and 100 steps at 0.2 s.
    'seed 7: scored 5/17, 49 s left',
    'seed 7: scored 17/17, 37 s left',
    'seed 8: step 0/100, 37 s left',
  ]);
});

test('of several folds each has a fit and draws of its own', () => {
  let now = 0;
  const lines: string[] = [];
  const work = { seeds: [0], steps: 10, draws: [10, 30] };
  const progress = evaluationProgress(
    work,
    (line) => lines.push(line),
    () => now,
  );
  const first = progress.seed(0, 0);
  now = 20;
  first.fitted(10, 1);
  first.scored(0);
  now = 25;
  first.scored(2);
  now = 30;
  first.scored(7);
  now = 33;
  first.scored(10);
  progress.seed(0, 1);
  // A second a draw and two a step: 30 draws and 10 steps.
  expect(lines.slice(-2)).toEqual([
    'seed 0, fold 1 of 2: scored 10/10, 50 s left',
    'seed 0, fold 2 of 2: step 0/10, 50 s left',
  ]);
});
