// AdamW, clipping and the one-cycle schedule: steps worked out by hand, and torch's numbers.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type AdamWSettings, adamwUpdate, oneCycle, stepScalarCount, stepScalars } from '#core/onnx/adamw.ts';
import { GraphBuilder } from '#core/onnx/graph-builder.ts';
import { expectClose } from './finite-differences.ts';
import { withGraph } from './run-graph.ts';

interface Vectors {
  readonly runs: readonly {
    readonly peakLearningRate: number;
    readonly weightDecay: number;
    readonly maximumGradientNorm: number;
    readonly epsilon: number;
    readonly beta2: number;
    readonly start: number[];
    readonly gradients: number[][];
    readonly after: number[][];
  }[];
  readonly schedules: readonly { steps: number; peakLearningRate: number; rates: [number, number][] }[];
}
const vectors = JSON.parse(
  readFileSync(new URL('../../../fixtures/reference/optimizer.json', import.meta.url), 'utf8'),
) as Vectors;

const settings: AdamWSettings = { beta2: 0.999, epsilon: 1e-8, weightDecay: 0, maximumGradientNorm: 1 };

/** States after every step, from zero moments. */
async function steps(
  own: AdamWSettings,
  start: readonly number[],
  gradients: readonly (readonly number[])[],
  rateOf: (step: number) => { learningRate: number; beta1: number },
) {
  const graph = new GraphBuilder();
  const shape = [start.length];
  const state = {
    parameters: graph.input('parameters', shape),
    firstMoment: graph.input('firstMoment', shape),
    secondMoment: graph.input('secondMoment', shape),
  };
  const scalars = graph.input('scalars', [stepScalarCount]);
  const updated = adamwUpdate(own, state, graph.input('gradient', shape), scalars);
  graph.output(updated.parameters, 'parametersOut');
  graph.output(updated.firstMoment, 'firstMomentOut');
  graph.output(updated.secondMoment, 'secondMomentOut');
  return withGraph(graph, async (run) => {
    const states: Record<'parameters' | 'firstMoment' | 'secondMoment', Float64Array>[] = [];
    let [parameters, firstMoment, secondMoment] = [start, start.map(() => 0), start.map(() => 0)].map((v) =>
      Float64Array.from(v),
    ) as [Float64Array, Float64Array, Float64Array];
    for (const [i, gradient] of gradients.entries()) {
      const feed = (data: ArrayLike<number>) => ({ data: Float32Array.from(data), shape: [data.length] });
      const out = await run({
        parameters: feed(parameters),
        firstMoment: feed(firstMoment),
        secondMoment: feed(secondMoment),
        gradient: feed(gradient),
        scalars: feed(stepScalars(own, i + 1, rateOf(i))),
      });
      [parameters, firstMoment, secondMoment] = [
        out['parametersOut']!,
        out['firstMomentOut']!,
        out['secondMomentOut']!,
      ];
      states.push({ parameters, firstMoment, secondMoment });
    }
    return states;
  });
}

const constant =
  (learningRate: number, beta1 = 0.9) =>
  () => ({ learningRate, beta1 });

describe('steps by hand', () => {
  test('the first step moves every parameter by the learning rate against its gradient', async () => {
    const [first] = await steps(settings, [1, -2, 3], [[0.3, -0.2, 0]], constant(0.1));
    expectClose(first!.parameters, [0.9, -1.9, 3], 1e-7);
    expectClose(first!.firstMoment, [0.03, -0.02, 0], 1e-7);
    expectClose(first!.secondMoment, [0.001 * 0.09, 0.001 * 0.04, 0], 1e-7);
  });

  test('the second step uses both moments, corrected for their start at zero', async () => {
    const [, second] = await steps(settings, [1], [[0.3], [-0.1]], constant(0.1));
    const firstMoment = 0.9 * 0.03 + 0.1 * -0.1;
    const secondMoment = 0.999 * 0.00009 + 0.001 * 0.01;
    const change = firstMoment / (1 - 0.9 ** 2) / Math.sqrt(secondMoment / (1 - 0.999 ** 2));
    expectClose(second!.parameters, [0.9 - 0.1 * change], 1e-6);
  });

  test('weight decay is apart from the gradient', async () => {
    const decayed = { ...settings, weightDecay: 0.5 };
    const [first] = await steps(decayed, [4, -2], [[0, 0.1]], constant(0.1));
    expectClose(first!.parameters, [4 * (1 - 0.05), -2 * (1 - 0.05) - 0.1], 1e-6);
    expect([...first!.firstMoment]).toEqual([0, Math.fround(Math.fround(0.1) * Math.fround(1 - Math.fround(0.9)))]);
  });

  test('a gradient longer than the limit is scaled down to it, a shorter one is left', async () => {
    const [long] = await steps(settings, [0, 0], [[3, 4]], constant(0.1));
    expectClose(long!.firstMoment, [0.06, 0.08], 1e-7);
    expectClose(long!.secondMoment, [0.36e-3, 0.64e-3], 1e-9);
    const [short] = await steps(settings, [0, 0], [[0.3, 0.4]], constant(0.1));
    expectClose(short!.firstMoment, [0.03, 0.04], 1e-7);
    const wide = { ...settings, maximumGradientNorm: 10 };
    const [kept] = await steps(wide, [0, 0], [[3, 4]], constant(0.1));
    expectClose(kept!.firstMoment, [0.3, 0.4], 1e-7);
  });

  test('no gradient changes nothing, and a huge one moves nothing to NaN', async () => {
    const [none] = await steps(settings, [1, 2], [[0, 0]], constant(0.1));
    expect([...none!.parameters]).toEqual([1, 2]);
    const [huge] = await steps(settings, [1, 2], [[3e30, -1e30]], constant(0.1));
    for (const value of huge!.parameters) expect(Number.isFinite(value)).toBe(true);
  });
});

describe('against torch', () => {
  test.each(vectors.runs)('decay $weightDecay, norm $maximumGradientNorm, ε $epsilon', async (run) => {
    const rate = (i: number) => oneCycle(i, run.gradients.length, run.peakLearningRate);
    const states = await steps(run, run.start, run.gradients, rate);
    for (const [i, state] of states.entries()) expectClose(state.parameters, run.after[i]!, 2e-6);
  });

  test.each(vectors.schedules)('one cycle over $steps steps', ({ steps: total, peakLearningRate, rates }) => {
    for (const [i, [learningRate, beta1]] of rates.entries()) {
      const own = oneCycle(i, total, peakLearningRate);
      expect(Math.abs(own.learningRate / learningRate - 1), `step ${i}`).toBeLessThan(1e-9);
      expect(Math.abs(own.beta1 - beta1), `step ${i}`).toBeLessThan(1e-12);
    }
  });
});

test('a schedule of very few steps stays between its bounds', () => {
  for (let total = 1; total < 12; total++) {
    for (let i = 0; i < total; i++) {
      const { learningRate, beta1 } = oneCycle(i, total, 1);
      expect(learningRate).toBeGreaterThan(0);
      expect(learningRate).toBeLessThanOrEqual(1);
      expect(beta1).toBeGreaterThanOrEqual(0.85);
      expect(beta1).toBeLessThanOrEqual(0.95);
    }
  }
});
