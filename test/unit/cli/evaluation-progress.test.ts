// What an evaluation says of its progress, against sums done by hand.
import { expect, test } from 'vitest';
import { evaluationProgress } from '#cli/evaluate/evaluation-progress.ts';

test('the time left is of fits, scoring and further seeds together, at the pace that was seen', () => {
  let now = 0;
  const lines: string[] = [];
  // 17 draws and what the first costs beside itself, three more, at five steps each: as long as 100 steps.
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
  now = 60;
  first.scored(17);
  progress.seed(8);
  expect(lines).toEqual([
    'seed 7: step 0/100, time left unknown',
    'seed 7: step 50/100, loss 1.250, 70 s left',
    'seed 7: step 100/100, loss 1.000, 60 s left',
    'seed 7: scored 0/17, 60 s left',
    'seed 7: scored 17/17, 60 s left',
    'seed 8: step 0/100, 60 s left',
  ]);
});
