// How long work still takes, against sums done by hand.
import { describe, expect, test } from 'vitest';
import { leftInWords, type PartProgress, timeLeftS, workClock } from '#core/statistics/time-left.ts';

const seeds = [
  { kind: 'fit', units: 100 },
  { kind: 'score', units: 100 },
  { kind: 'fit', units: 100 },
  { kind: 'score', units: 100 },
];
const at = (...progress: [before: number, done: number, spentS: number][]) =>
  new Map(progress.map(([before, done, spentS], i): [number, PartProgress] => [i, { before, done, spentS }]));

describe('time left', () => {
  test('is not known before anything was seen', () => {
    expect(timeLeftS(seeds, at())).toBeUndefined();
    expect(timeLeftS(seeds, at([0, 0, 60]))).toBeUndefined();
    // A hundredth of all units.
    expect(timeLeftS(seeds, at([0, 0.04, 60]))).toBeUndefined();
  });

  test('of parts that have not begun goes by the pace so far', () => {
    // 50 units took 10 s; 350 are left.
    expect(timeLeftS(seeds, at([0, 0.5, 10]))).toBeCloseTo(70, 9);
  });

  test('of a part that has goes by its own, and by that for the later ones of its kind', () => {
    // A fit took 20 s, a tenth of the scoring 40: 190 units at 4 s and 100 at 0.2 s are left. Of the scoring's kind
    // 10 units of 200 are seen, so that none is borrowed.
    expect(timeLeftS(seeds, at([0, 1, 20], [0, 0.1, 40]))).toBeCloseTo(20 + 190 * 4, 9);
  });

  test('of a part that has just begun leans on all work so far', () => {
    // 2 of 200 units took 8 s; 8 more are borrowed at the pace of all, 28 s for 102 units.
    const pace = (8 + (8 * 28) / 102) / 10;
    expect(timeLeftS(seeds, at([0, 1, 20], [0, 0.02, 8]))).toBeCloseTo(20 + 198 * pace, 9);
  });

  test('does not count what an earlier start did', () => {
    const one = [{ kind: 'fit', units: 10 }];
    expect(timeLeftS(one, at([0.6, 0.8, 30]))).toBeCloseTo(30, 9);
    expect(timeLeftS(one, at([0.6, 0.6, 30]))).toBeUndefined();
  });

  test('of units that are no measure beside others is not known before some were seen', () => {
    const parts = [
      { kind: 'import', units: 24 },
      { kind: 'training', units: 1, unit: 'run' },
    ];
    expect(timeLeftS(parts, at([0, 0.5, 10]))).toBeUndefined();
    expect(timeLeftS(parts, at([0, 1, 20], [0, 0, 0]))).toBeUndefined();
    expect(timeLeftS(parts, at([0, 1, 20], [0, 0.25, 100]))).toBeCloseTo(300, 9);
  });

  test('of later ones of such units is known from the first ones', () => {
    const parts = ['fit', 'score', 'fit', 'score'].map((kind) => ({ kind, units: 10, unit: kind }));
    expect(timeLeftS(parts, at([0, 1, 5]))).toBeUndefined();
    // Five draws took 10 s, ten steps 5 s: fifteen draws and ten steps are left.
    expect(timeLeftS(parts, at([0, 1, 5], [0, 0.5, 10]))).toBeCloseTo(35, 9);
  });

  test('is not known before more units have ended than are under way at once', () => {
    const parts = [{ kind: 'import', units: 20, atOnce: 4 }];
    expect(timeLeftS(parts, at([0, 0.2, 8]))).toBeUndefined();
    expect(timeLeftS(parts, at([0, 0.25, 10]))).toBeCloseTo(30, 9);
  });

  test('rests on rough guesses by no more than a third', () => {
    const withScoring = (units: number) => [
      { kind: 'fit', units: 100 },
      { kind: 'score', units, rough: true },
    ];
    // Half of the fit took 10 s: 10 s are left of it, and 4.8 or 5.2 by a guess.
    expect(timeLeftS(withScoring(24), at([0, 0.5, 10]))).toBeCloseTo(14.8, 9);
    expect(timeLeftS(withScoring(26), at([0, 0.5, 10]))).toBeUndefined();
    // A fortieth of the scoring is seen, 1 of 40 units in 3 s, and its pace is half borrowed from all, 23 s for 101.
    expect(timeLeftS(withScoring(40), at([0, 1, 20], [0, 0.025, 3]))).toBeUndefined();
    // A twentieth is trusted.
    expect(timeLeftS(withScoring(40), at([0, 1, 20], [0, 0.05, 6]))).toBeCloseTo(38 * 3, 9);
  });

  test('is nothing once all is done', () => {
    expect(timeLeftS([{ kind: 'fit', units: 10 }], at([0, 1, 5]))).toBe(0);
  });
});

test('a clock follows parts; the first report of one ends those before it', () => {
  let now = 100;
  const clock = workClock(seeds.slice(0, 2), () => now);
  clock.report(0, 0);
  expect(clock.leftS()).toBeUndefined();
  now = 110;
  clock.report(0, 0.5);
  expect(clock.leftS()).toBeCloseTo(30, 9);
  // Time goes on without a report, and is run down by it.
  now = 112;
  expect(clock.leftS()).toBeCloseTo(28, 9);
  // The silence is long: 50 units took 30 s, 90 s for the others; half of that is left at least.
  now = 130;
  expect(clock.leftS()).toBeCloseTo(45, 9);
  clock.report(1, 0);
  now = 125;
  clock.report(1, 0.5);
  now = 1000;
  clock.report(1, 1);
  expect(clock.leftS()).toBe(0);
});

test('a clock goes by the later half of what it saw', () => {
  let now = 0;
  const clock = workClock([{ kind: 'fit', units: 100 }], () => now);
  clock.report(0, 0);
  now = 40;
  clock.report(0, 0.4);
  // From here on four times as quick: the latter 40 of 80 units took 10 s.
  now = 50;
  clock.report(0, 0.8);
  expect(clock.leftS()).toBeCloseTo(5, 9);
});

test('in words', () => {
  expect([leftInWords(undefined), leftInWords(1.2)]).toEqual(['time left unknown', '2 s left']);
});
