// How far a run of `start --train` is, from what the service says of its steps.
import { expect, test } from 'vitest';
import { trainingParts, trainingProgress } from '#cli/start/first-training.ts';

type Steps = Parameters<typeof trainingProgress>[0]['steps'];

const names = ['freeze', 'plan', 'fit', 'evaluate', 'decide', 'report', 'publish', 'adapt', 'promote'] as const;

/** Those before the one under way are done, those after it wait. */
function at(current: (typeof names)[number], share?: number, status: 'running' | 'waiting' = 'running'): Steps {
  const place = names.indexOf(current);
  return names.map((step, i) => {
    if (i === place) return { step, status, ...(share !== undefined && { share }) };
    return { step, status: i < place ? 'done' : 'waiting' };
  });
}

test('fits count by their steps, whatever the other parts are', () => {
  const fitOf = (steps: number | undefined) => trainingParts(steps, 24).find(({ kind }) => kind === 'fit')!.units;
  // Two groups are held out in turn, and one fit has all.
  expect([fitOf(60), fitOf(600)]).toEqual([180, 1800]);
  // What a run takes that says nothing of it.
  expect(fitOf(undefined)).toBe(3000);
  const others = (steps: number) => trainingParts(steps, 24).filter(({ kind }) => kind !== 'fit');
  expect(others(60)).toEqual(others(600));
});

test('a run is in the last part that has begun', () => {
  const kinds = trainingParts(60, 24).map(({ kind }) => kind);
  const told = (steps: Steps) => {
    const { part, share, doing } = trainingProgress({ steps });
    return [kinds[part], share, doing];
  };
  expect(told(at('freeze', undefined, 'waiting'))).toEqual(['freeze', 0, 'freeze']);
  expect(told(at('freeze'))).toEqual(['freeze', 0, 'freeze']);
  expect(told(at('plan'))).toEqual(['freeze', 1, 'plan']);
  expect(told(at('fit', 0.257))).toEqual(['fit', 0.257, 'fit 25 %']);
  expect(told(at('evaluate', 0.5))).toEqual(['evaluate', 0.5, 'evaluate 50 %']);
  expect(told(at('decide'))).toEqual(['evaluate', 1, 'decide']);
  expect(told(at('adapt', 0.1))).toEqual(['adapt', 0.1, 'adapt 10 %']);
});
