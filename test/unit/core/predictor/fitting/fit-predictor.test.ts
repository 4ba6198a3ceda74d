// Short real fits on made-up data: reproducible to the byte, resumable, cancellable; what is refused; and that the
// files of a predictor price kernels as sums over networks need them.
import { describe, expect, test } from 'vitest';
import { loadPredictor, type PredictorBundle } from '#core/predictor/bundle.ts';
import {
  type FitCheckpoint,
  type FitOptions,
  type FitProgress,
  fitKernelPredictor,
} from '#core/predictor/fitting/fit-predictor.ts';
import { featureDimension as P } from '#core/predictor/hypotheses.ts';
import { kernelClassNames } from '#core/predictor/kernels/kernel-classes.ts';
import { networkSums } from '#core/predictor/kernels/network-sums.ts';
import { repricedSums } from '#core/predictor/kernels/repriced-sums.ts';
import { tinyData } from '../tiny-data.ts';

const data = tinyData();
const options = { data, seed: 3, steps: 5, stepsPerReport: 2 } satisfies FitOptions;

async function fitted(more: Partial<FitOptions> = {}) {
  const progress: FitProgress[] = [];
  const bundle = await fitKernelPredictor({ ...options, onProgress: (p) => progress.push(p), ...more });
  return { bundle, progress };
}

const whole = await fitted();
const text = ({ json }: PredictorBundle): string => new TextDecoder().decode(json);

test('the same seed gives the same bytes, another seed others', async () => {
  const again = await fitted();
  expect(text(again.bundle)).toBe(text(whole.bundle));
  expect(again.bundle.onnx).toEqual(whole.bundle.onnx);
  expect((await fitted({ seed: 4 })).bundle.onnx).not.toEqual(whole.bundle.onnx);
}, 60_000);

test('progress is told after every second step and the last', () => {
  expect(whole.progress.map((p) => [p.step, p.steps])).toEqual([
    [2, 5],
    [4, 5],
    [5, 5],
  ]);
});

test.each([0, 1])(
  'a fit resumed from checkpoint %i gives the bytes of an uninterrupted one',
  async (at) => {
    const { step, loss, state } = whole.progress[at]!.checkpoint;
    const copy = (values: Float32Array) => Float32Array.from(JSON.parse(JSON.stringify([...values])) as number[]);
    const stored: FitCheckpoint = {
      step,
      loss,
      state: {
        parameters: copy(state.parameters),
        firstMoment: copy(state.firstMoment),
        secondMoment: copy(state.secondMoment),
      },
    };
    expect((await fitted({ resume: stored })).bundle.onnx).toEqual(whole.bundle.onnx);
  },
  60_000,
);

test('an aborted fit is cancelled', async () => {
  await expect(fitted({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'cancelled' });
});

describe('is refused', () => {
  const [group] = data.groups;
  const withLatency = (latencyMs: Float64Array) => ({
    ...data,
    groups: [{ ...group!, targets: [{ id: 'bad', batch: 1, latencyMs }] }],
  });

  test.each([0, -1, 1e-300, 1e300, Number.POSITIVE_INFINITY])('a latency of %d ms', async (value) => {
    const latencyMs = group!.targets[0]!.latencyMs.map((v, i) => (i === 2 ? value : v));
    await expect(fitted({ data: withLatency(latencyMs) })).rejects.toMatchObject({ code: 'invalid-request' });
  });

  test('a column of another length', async () => {
    await expect(fitted({ data: withLatency(new Float64Array(3).fill(1)) })).rejects.toMatchObject({
      code: 'invalid-request',
    });
  });

  test('a group of few networks', async () => {
    const few = { ...group!, networks: group!.networks.slice(0, 5), targets: [] };
    await expect(fitted({ data: { ...data, groups: [few] } })).rejects.toMatchObject({ code: 'too-few-measurements' });
  });
});

describe('a predictor’s files', () => {
  test('price kernels; a class has a coordinate only in its members', async () => {
    const predictor = await loadPredictor(whole.bundle);
    const prices = await predictor.prices(data.kernels);
    expect(prices.lnMean.map((own) => own.length)).toEqual([data.kernels.length, data.kernels.length]);
    const run = P - kernelClassNames.length + kernelClassNames.indexOf('run');
    // Widths start at 1 for the constant of a run; five steps move them little.
    expect(prices.psi[0]![run]).toBeGreaterThan(0.9);
    expect(prices.psi[0]![P + run]).toBe(0);
    await predictor.close();
  });

  test('give networks their sums', async () => {
    const predictor = await loadPredictor(whole.bundle);
    const prices = await predictor.prices(data.kernels);
    const row = data.groups[0]!.networks[0]!;
    const { lnMean, phi } = networkSums(prices, [row]);
    const [H, fused] = [4, 1];
    const mu = [...row[fused]!.kernels].map((k, i) => row[fused]!.counts[i]! * Math.exp(prices.lnMean[1]![k]!));
    const m = mu.reduce((a, b) => a + b, 0);
    const head = 2 + fused;
    expect(lnMean[head]).toBeCloseTo(Math.log(m), 5);
    const psi = [...row[fused]!.kernels].map((k) => prices.psi[1]![k * P + 5]!);
    expect(phi[head * P + 5]).toBeCloseTo(
      psi.reduce((total, value, i) => total + (value * mu[i]!) / m, 0),
      5,
    );
    expect(lnMean).toHaveLength(H);
    await predictor.close();
  });

  test('that do not belong together do not load', async () => {
    const onnx = whole.bundle.onnx.slice();
    onnx[onnx.length - 9]! ^= 1;
    await expect(loadPredictor({ ...whole.bundle, onnx })).rejects.toMatchObject({ code: 'invalid-predictor' });
  });

  test.each([
    ['"formatVersion": 2', '"formatVersion": 1'],
    ['"count": ', '"count": 1'],
    ['"eager",', ''],
  ])('that are edited (%s) do not load', async (from, to) => {
    const json = new TextEncoder().encode(text(whole.bundle).replace(from, to));
    await expect(loadPredictor({ ...whole.bundle, json })).rejects.toMatchObject({ code: 'invalid-predictor' });
  });
});

test('every target that was learned from is a centre, at weights that explain its latencies better than none', async () => {
  const predictor = await loadPredictor(whole.bundle);
  const { centres = [], lowerings } = predictor.parameters;
  const columns = new Map(
    data.groups.flatMap((group) => group.targets.map((target) => [target.id, { group, target }])),
  );
  expect(centres.map(({ target }) => target).sort()).toEqual([...columns.keys()].sort());
  for (const { target: id, head, weights } of centres) {
    const { group, target } = columns.get(id)!;
    const forward = networkSums(await predictor.prices(data.kernels, target.batch), group.networks);
    /** Standard deviation of ln latency over what the head says of it. */
    const misfit = (w: Float64Array): number => {
      const ln = repricedSums(forward.launches!, 0, head % lowerings.length).lnMean(w);
      const off = [...target.latencyMs].flatMap((ms, i) => (Number.isNaN(ms) ? [] : [Math.log(ms) - ln[i]!]));
      const mean = off.reduce((sum, x) => sum + x, 0) / off.length;
      return Math.sqrt(off.reduce((sum, x) => sum + (x - mean) ** 2, 0) / off.length);
    };
    expect(head).toBeLessThan(lowerings.length);
    expect(misfit(Float64Array.from(weights))).toBeLessThan(0.7 * misfit(new Float64Array(P)));
  }
  await predictor.close();
});
