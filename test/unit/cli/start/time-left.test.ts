import { expect, test } from 'vitest';
import { startLeftS, type TrainingJob } from '#cli/start/time-left.ts';

const running = (atS: number, ...reports: (readonly [number, number])[]): TrainingJob => ({
  begun: { atS, reports: reports.map(([at, share]) => ({ atS: at, share })) },
});
const waiting: TrainingJob = {};

test.each<[string, TrainingJob[], number, number, number | undefined]>([
  ['nothing is known before the first report', [running(0), waiting], 1, 5, undefined],
  ['one report: as much again as it took for a half', [running(0, [10, 0.5])], 1, 10, 10],
  ['time goes on between reports', [running(0, [10, 0.5])], 1, 14, 6],
  ['and is never negative', [running(0, [10, 0.5])], 1, 99, 0],
  ['from two reports on, what came before the first is left out', [running(0, [10, 0.25], [14, 0.5])], 1, 14, 8],
  ['two at a time: the slower one counts', [running(0, [10, 0.5]), running(0, [10, 0.25])], 2, 10, 30],
  [
    'a waiting one follows the one that ends first',
    [running(0, [10, 0.5]), running(0, [10, 0.25]), waiting],
    2,
    10,
    40,
  ],
  ['on one thread the waiting ones follow each other', [running(0, [10, 0.5]), waiting, waiting], 1, 10, 50],
  ['a free thread takes a waiting one at once', [running(0, [10, 1]), waiting], 2, 10, 10],
  ['all done', [running(0, [10, 1]), running(0, [12, 1])], 2, 12, 0],
])('%s', (_, jobs, threads, nowS, expected) => {
  const left = startLeftS(jobs, threads, nowS);
  if (expected === undefined) expect(left).toBeUndefined();
  else expect(left).toBeCloseTo(expected, 9);
});
