import { readdirSync, readFileSync } from 'node:fs';
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
  ['overdue, it is not known', [running(0, [10, 0.5])], 1, 99, undefined],
  ['a share that stands at once is no pace', [running(3, [3, 0.5])], 1, 3, undefined],
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

interface Trace {
  readonly begunS: number;
  readonly readyS: number;
  readonly reports: readonly (readonly [atS: number, share: number, doing: string])[];
}
const folder = new URL('../../../fixtures/start-traces/', import.meta.url);
const traces = readdirSync(folder).filter((name) => name.endsWith('.json'));

test.each(traces)('%s: second by second, what is said is a time to come, or nothing', (name) => {
  const { begunS, readyS, reports } = JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as Trace;
  let said = 0;
  for (let nowS = Math.ceil(begunS); nowS < Math.floor(readyS); nowS++) {
    const seen = reports.filter(([atS]) => atS <= nowS);
    const job = { begun: { atS: begunS, reports: seen.map(([atS, share]) => ({ atS, share })) } };
    const leftS = startLeftS([job], 1, nowS);
    const [last] = seen.slice(-1);
    if (leftS === undefined) continue;
    said++;
    // Nothing is left only once the work is done, and no estimate goes beyond the pace that was seen.
    if (last![1] < 1) expect(leftS).toBeGreaterThan(0);
    const advanced = last![1] - (seen.length > 1 ? seen[0]![1] : 0);
    expect(leftS).toBeLessThanOrEqual(((nowS - begunS) * (1 - last![1])) / advanced + 1e-9);
  }
  expect(said).toBeGreaterThan(5);
});
