// The promotion rule on hand-made scores; differences and intervals are worked out by hand.
import { describe, expect, it } from 'vitest';
import type { Score } from '#core/predictors/card.ts';
import { differencesByHardware, meanDifference } from '#core/training/evaluation/paired-differences.ts';
import { bestCandidate, decide } from '#core/training/evaluation/promotion-rule.ts';

const scoresOf = (
  model: Score['model'],
  within10: Readonly<Record<string, number>>,
  spearman = 0.9,
  searchSpace: Score['searchSpace'] = 'nasbench201',
): Score[] =>
  Object.entries(within10).map(([target, value]) => ({
    model,
    target,
    device: target.split('_')[0]!,
    searchSpace,
    inputSize: 32,
    batchSize: 1,
    measurements: 10,
    selection: 'random',
    spearmanTrimmed: spearman,
    spearman,
    within5: value,
    within10: value,
    medianApe: 0.05,
    coverage90: 0.9,
  }));

const champion = scoresOf('champion', { a_1: 0.7, a_32: 0.6, b: 0.8, c: 0.5, d: 0.6 });

describe('paired differences', () => {
  it('count a device once, whatever its number of targets', () => {
    const candidate = scoresOf('candidate', { a_1: 0.8, a_32: 0.6, b: 0.9, c: 0.5, d: 0.6, e: 1 });
    const byHardware = differencesByHardware(candidate, champion, 'within10');
    expect(byHardware.map(({ hardwareKey }) => hardwareKey)).toEqual(['a', 'b', 'c', 'd']);
    expect(byHardware[0]!.difference).toBeCloseTo(0.05, 12);
    expect(byHardware[1]!.difference).toBeCloseTo(0.1, 12);
  });

  it('have the interval of Student’s t: 1, 2, 3 have the mean 2 ± 4.303 · 1 / √3', () => {
    const mean = meanDifference([1, 2, 3].map((difference) => ({ hardwareKey: String(difference), difference })));
    expect(mean).toMatchObject({ devices: 3, difference: 2 });
    expect(mean.low).toBeCloseTo(2 - 2.4843, 3);
    expect(mean.high).toBeCloseTo(2 + 2.4843, 3);
    expect(meanDifference([{ hardwareKey: 'a', difference: 1 }]).low).toBe(Number.NEGATIVE_INFINITY);
    // Published values: 2.021 for 40 and 1.980 for 120 degrees of freedom.
  });
});

describe('the promotion rule', () => {
  const better = { a_1: 0.75, a_32: 0.66, b: 0.85, c: 0.56, d: 0.65 };

  it('promotes what is better on every device', () => {
    const { decision, differences } = decide(scoresOf('candidate', better), champion, 'champion');
    expect(decision.outcome).toBe('promoted');
    expect(decision.reasons[0]).toContain('over 4 devices');
    expect(differences.find(({ metric }) => metric === 'within10')!.low).toBeGreaterThan(0);
  });

  it.each([
    [
      'the same again',
      scoresOf('candidate', { a_1: 0.7, a_32: 0.6, b: 0.8, c: 0.5, d: 0.6 }),
      'not better beyond noise',
    ],
    [
      'better on the mean, within noise',
      scoresOf('candidate', { a_1: 0.9, a_32: 0.9, b: 0.79, c: 0.5, d: 0.6 }),
      'not better',
    ],
    ['worse on one device', scoresOf('candidate', { ...better, d: 0.54 }), "'d'"],
    ['worse in rank correlation', scoresOf('candidate', better, 0.8), 'rank correlation'],
  ])('refuses %s, and says why first', (_, candidate, reason) => {
    const { decision } = decide(candidate, champion, 'champion');
    expect(decision.outcome).toBe('refused');
    expect(decision.reasons.join('\n')).toContain(reason);
    expect(decision.reasons).toHaveLength(5);
  });

  it('refuses what loses in one search space, though it is better on the mean and loses on no device', () => {
    // On every device +8 points in one space and −4 in the other: +2 on the mean of each.
    const both = (model: Score['model'], first: number, second: number): Score[] => [
      ...scoresOf(model, { a: first, b: first + 0.01, c: first }),
      ...scoresOf(model, { a: second, b: second, c: second }, 0.9, 'ofa'),
    ];
    const { decision } = decide(both('candidate', 0.68, 0.56), both('champion', 0.6, 0.6), 'champion');
    expect(decision.outcome).toBe('refused');
    expect(decision.reasons[0]).toBe(
      "the worst search space in predictions within ±10 % against the champion is 'ofa' with −4.0 points; −3.0 points is allowed",
    );
    expect(decide(both('candidate', 0.68, 0.58), both('champion', 0.6, 0.6), 'champion').decision.outcome).toBe(
      'promoted',
    );
  });

  it('decides nothing with too few devices', () => {
    const two = scoresOf('candidate', { a_1: 0.9, b: 0.9 });
    expect(decide(two, champion, 'champion').decision).toMatchObject({
      outcome: 'refused',
      reasons: [expect.stringContaining('2 devices')],
    });
    expect(decide([], [], 'ridge').decision.outcome).toBe('refused');
  });

  it('takes the candidate with most predictions within ±10 %, the first of equals', () => {
    const [low, high] = [0.5, 0.6].map((value) => ({ scores: scoresOf('candidate', { a: value }) }));
    expect(bestCandidate([low!, high!, { scores: high!.scores }])).toBe(high);
  });
});
