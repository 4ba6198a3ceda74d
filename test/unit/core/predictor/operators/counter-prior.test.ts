import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Descriptor } from '#core/descriptor/descriptor.ts';
import { featureDimension as P } from '#core/predictor/hypotheses.ts';
import {
  type CountedTarget,
  counterFeatures,
  counterPriorMeans,
  learnCounterMap,
} from '#core/predictor/operators/counter-prior.ts';
import { runtimeAtLevel } from '#core/predictor/operators/runtime-at-level.ts';
import { seededRandom } from '#core/random.ts';

/** Operators that took 2 ms each, with a counter or without. */
function described(counts: Record<string, number | undefined>, counter = 'page-faults', source?: 'cachegrind') {
  const latency = { medianMs: 2, trimmedMeanMs: null, spreadMs: null };
  const operator = (count: number | undefined) => ({
    ...{ latency, runs: 9, runningPercent: {} },
    counters: count === undefined ? {} : { [counter]: count },
  });
  const operators = Object.fromEntries(Object.entries(counts).map(([key, count]) => [key, operator(count)]));
  const counters = { [counter]: { pmu: null, event: counter, ...(source && { source }) } };
  return { list: 'nasbench201', inputSize: 32, batchSize: 1, counters, operators } as Descriptor;
}

describe('features', () => {
  test('are means of ln(1 + count) over groups of operators, raw or per ms', () => {
    const descriptor = described({ 'stage1/none': 3, 'stage2/none': 15, 'stem/stem': 7, 'lastact/lastact': undefined });
    const rows = (normalisation: 'raw' | 'operator-latency') =>
      Object.fromEntries(
        Array.from(counterFeatures(descriptor, normalisation), ([name, x]) => [name, Number(x.toFixed(6))]),
      );
    // ln 4, ln 16 and ln 8 are 2, 4 and 3 times ln 2.
    expect(rows('raw')).toEqual({
      'nasbench201/all/page-faults': 2.079442,
      'nasbench201/none/page-faults': 2.079442,
      'nasbench201/stem/page-faults': 2.079442,
    });
    expect(rows('operator-latency')['nasbench201/stem/page-faults']).toBe(Number(Math.log(4.5).toFixed(6)));
  });

  test('that were counted by simulation are others', () => {
    const names = [...counterFeatures(described({ 'stem/stem': 7 }, 'instructions', 'cachegrind'), 'raw').keys()];
    expect(names).toEqual(['nasbench201/all/instructions/cachegrind', 'nasbench201/stem/instructions/cachegrind']);
  });
});

test('a runtime is its name, at its level where it states one', () => {
  const runtime = { version: '1', executionProvider: 'cpu' };
  const named = (name: string | null, settings = {}) => runtimeAtLevel({ ...runtime, name, settings });
  expect(named('onnxruntime', { threads: 2, graphOptimization: 'basic' })).toBe('onnxruntime basic');
  expect(named('tflite', { threads: 2 })).toBe('tflite');
  expect(named(null)).toBe('unknown');
});

/** Of two kinds, whose counts are 1 and e² − 1 … so that ln(1 + count) is ±1 about its mean; w is ±a in coordinate
 * 3. */
const target = (sign: 1 | -1, runtime: string, a: number): CountedTarget => {
  const weights = new Float64Array(P);
  weights[3] = sign * a;
  return { runtime, descriptor: described({ 'stem/stem': Math.expm1(2 + sign) }), weights: [weights, weights] };
};
const clear = (['a', 'b', 'c'] as const).flatMap((runtime) => [target(1, runtime, 0.7), target(-1, runtime, 0.7)]);

describe('a map', () => {
  test('is a ridge regression of the weights, its strength the one that tells runtimes left out best', () => {
    const { map, leftOutError, strength } = learnCounterMap(clear);
    expect(strength).toBe(0.1);
    // By latency the features are not ±1 about their mean, but standardised they are: w / (1 + strength / targets).
    expect(leftOutError).toBeCloseTo((0.1 / 4.1) ** 2, 6);
    const [mean, second] = counterPriorMeans(map!, target(1, 'x', 0).descriptor)!;
    expect(mean![3]).toBeCloseTo((0.7 * 6) / 6.1, 5);
    expect(second).toEqual(mean);
    expect(Math.max(...mean!.map((x, p) => (p === 3 ? 0 : Math.abs(x))))).toBe(0);
  });

  test('is none where counters tell nothing of runtimes left out, of few targets, or of one runtime', () => {
    const random = seededRandom(1);
    const unrelated = clear.map((each) => {
      const weights = Float64Array.from({ length: P }, () => random.normal());
      return { ...each, weights: [weights, weights] };
    });
    expect(learnCounterMap(unrelated)).toEqual({ map: undefined, leftOutError: 1, strength: null });
    expect(learnCounterMap(clear.slice(0, 5)).map).toBeUndefined();
    expect(learnCounterMap(clear.map((each) => ({ ...each, runtime: 'a' }))).map).toBeUndefined();
  });

  test('takes targets with different sets of counters together; what is missing is not 0', () => {
    const mixed = clear.map((each, i) =>
      i < 2 ? { ...each, descriptor: described({ 'stem/stem': undefined }) } : each,
    );
    const { map } = learnCounterMap(mixed);
    const meanOf = (descriptor: Descriptor) => counterPriorMeans(map!, descriptor)![0]![3];
    expect(meanOf(target(1, 'x', 0).descriptor)).toBeGreaterThan(0.3);
    expect(meanOf(target(-1, 'x', 0).descriptor)).toBeLessThan(-0.3);
    // Nothing of what the map knows: the prior as before.
    expect(counterPriorMeans(map!, described({ 'stem/stem': undefined }))).toBeUndefined();
  });
});

test('counts that cachegrind gave tell two levels of ONNX Runtime apart', () => {
  const file = new URL('../../../../fixtures/cachegrind/onnxruntime-operators.json', import.meta.url);
  const counted = JSON.parse(readFileSync(file, 'utf8')) as Record<'all' | 'basic', Record<string, object>>;
  const descriptorAt = (level: 'all' | 'basic', latencyMs: number): Descriptor => {
    const latency = { medianMs: latencyMs, trimmedMeanMs: null, spreadMs: null };
    const operators = Object.entries(counted[level]).map(
      ([key, counters]) => [key, { latency, runs: 9, counters, runningPercent: {} }] as const,
    );
    const names = Object.keys(Object.values(counted[level])[0]!);
    const counters = Object.fromEntries(names.map((name) => [name, { pmu: null, event: 'Ir', source: 'cachegrind' }]));
    return {
      ...{ list: 'standard', inputSize: null, batchSize: 1, counters },
      operators: Object.fromEntries(operators),
    } as Descriptor;
  };
  // An empty run at either level: ln 145,427.6 and ln 145,905.3.
  const instructions = (level: 'all' | 'basic') =>
    counterFeatures(descriptorAt(level, 1), 'raw').get('standard/run/instructions/cachegrind');
  expect([instructions('all'), instructions('basic')]).toEqual([
    expect.closeTo(11.887433, 5),
    expect.closeTo(11.890713, 5),
  ]);
  const targets = ['a', 'b', 'c'].flatMap((runtime, i) =>
    (['all', 'basic'] as const).map((level): CountedTarget => {
      const weights = new Float64Array(P);
      weights[3] = level === 'all' ? -0.5 : 0.5;
      return { runtime, descriptor: descriptorAt(level, 1 + i), weights: [weights, weights] };
    }),
  );
  const { map, leftOutError } = learnCounterMap(targets);
  expect(map!.normalisation).toBe('raw');
  expect(leftOutError).toBeLessThan(0.05);
  expect(counterPriorMeans(map!, descriptorAt('basic', 9))![0]![3]).toBeGreaterThan(0.4);
});
