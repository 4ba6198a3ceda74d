// Short real fits on a small real pool: reproducible to the byte, resumable, cancellable; and what is refused.
import { describe, expect, test } from 'vitest';
import { oneCycle } from '#core/onnx/adamw.ts';
import { bytesOf } from '#core/onnx/model.ts';
import { loadPredictor, type PredictorBundle, type PredictorParameters, sha256 } from '#core/predictor/bundle.ts';
import {
  type FitCheckpoint,
  type FitOptions,
  type FitProgress,
  fit as train,
} from '#core/predictor/fitting/fit-predictor.ts';
import { shippedPool } from '../shipped-table.ts';

const pool = shippedPool('nasbench201', ['1080ti_1', 'pixel3', 'silver_4114'], 120);
const options = { ...pool, seed: 7, steps: 10, stepsPerCall: 4 } satisfies FitOptions;

const parametersOf = (json: Uint8Array) => JSON.parse(new TextDecoder().decode(json)) as PredictorParameters;

/** Short, so that a difference can be shown. */
const fingerprintOf = ({ onnx, json }: PredictorBundle) => [sha256(onnx), new TextDecoder().decode(json)];
const stateFingerprint = ({ step, loss, state }: FitCheckpoint) => [
  step,
  loss,
  ...Object.values(state).map((values) => sha256(bytesOf(values))),
];

/** As it would be stored and read again. */
function stored(checkpoint: FitCheckpoint): FitCheckpoint {
  const copy = (values: Float32Array) => Float32Array.from(JSON.parse(JSON.stringify(Array.from(values))) as number[]);
  const { step, loss, state } = checkpoint;
  return {
    step,
    loss,
    state: {
      parameters: copy(state.parameters),
      firstMoment: copy(state.firstMoment),
      secondMoment: copy(state.secondMoment),
    },
  };
}

async function fitWithProgress(more: Partial<FitOptions> = {}) {
  const progress: FitProgress[] = [];
  const bundle = await train({ ...options, onProgress: (p) => progress.push(p), ...more });
  return { bundle, fingerprint: fingerprintOf(bundle), progress };
}

const whole = await fitWithProgress();

test('the same seed gives the same bytes, another seed others', async () => {
  expect((await fitWithProgress()).fingerprint).toEqual(whole.fingerprint);
  const other = await fitWithProgress({ seed: 8 });
  expect(other.fingerprint[0]).not.toBe(whole.fingerprint[0]);
});

test('progress is told after every call', () => {
  expect(whole.progress.map((p) => [p.step, p.steps])).toEqual([
    [4, 10],
    [8, 10],
    [10, 10],
  ]);
  expect(whole.progress.every((p) => Number.isFinite(p.loss))).toBe(true);
});

test.each([0, 1])('a fit resumed from checkpoint %i gives the bytes of an uninterrupted one', async (at) => {
  const resumed = await fitWithProgress({ resume: stored(whole.progress[at]!.checkpoint) });
  expect(resumed.fingerprint).toEqual(whole.fingerprint);
  expect(resumed.progress.map((p) => [p.step, p.loss])).toEqual(
    whole.progress.slice(at + 1).map((p) => [p.step, p.loss]),
  );
});

test('a finished fit resumed is the same once more', async () => {
  const resumed = await fitWithProgress({ resume: stored(whole.progress[2]!.checkpoint) });
  expect(resumed.fingerprint).toEqual(whole.fingerprint);
  expect(resumed.progress).toEqual([]);
});

test('a checkpoint is not changed by the steps that follow it', async () => {
  const before: unknown[] = [];
  const progress: FitProgress[] = [];
  await train({
    ...options,
    onProgress: (p) => {
      progress.push(p);
      before.push(stateFingerprint(p.checkpoint));
    },
  });
  expect(progress.map((p) => stateFingerprint(p.checkpoint))).toEqual(before);
});

test('a fit is cancelled between calls, and goes on from where it stopped', async () => {
  const controller = new AbortController();
  const seen: FitProgress[] = [];
  const stopped = train({
    ...options,
    signal: controller.signal,
    onProgress: (p) => {
      seen.push(p);
      controller.abort();
    },
  });
  await expect(stopped).rejects.toMatchObject({ code: 'cancelled', message: 'the fit was stopped at step 4 of 10' });
  expect(seen.map((p) => p.step)).toEqual([4]);
  const resumed = await fitWithProgress({ resume: stored(seen[0]!.checkpoint) });
  expect(resumed.fingerprint).toEqual(whole.fingerprint);
});

test('a fit cancelled before it starts runs no step', async () => {
  const onProgress = (): never => {
    throw new Error('a step ran');
  };
  await expect(train({ ...options, signal: AbortSignal.abort(), onProgress })).rejects.toMatchObject({
    code: 'cancelled',
  });
});

test('every step is AdamW at its place in the schedule, across calls', async () => {
  const { progress } = await fitWithProgress({ stepsPerCall: 1 });
  for (let step = 2; step <= 10; step++) {
    const before = progress[step - 2]!.checkpoint.state.parameters;
    const { parameters, firstMoment, secondMoment } = progress[step - 1]!.checkpoint.state;
    const { learningRate, beta1 } = oneCycle(step - 1, 10, 3e-3);
    let worst = 0;
    for (let i = 0; i < parameters.length; i++) {
      const scale = Math.sqrt(secondMoment[i]! / (1 - 0.999 ** step)) + 1e-8;
      const change = (learningRate * firstMoment[i]!) / (1 - beta1 ** step) / scale;
      worst = Math.max(worst, Math.abs(before[i]! - parameters[i]! - change));
    }
    // Rounding of parameters of up to .5 to float32, and of the change.
    expect(worst).toBeLessThan(1e-7 + 1e-4 * learningRate);
  }
});

test('every call draws episodes of its own, and every seed', async () => {
  const { state } = whole.progress[1]!.checkpoint;
  const lossAt = async (step: number, seed: number) => {
    const { progress } = await fitWithProgress({ seed, steps: step + 1, resume: { step, loss: 0, state } });
    return progress[0]!.loss;
  };
  const losses = [await lossAt(8, 7), await lossAt(9, 7), await lossAt(8, 6), await lossAt(8, 7)];
  expect(new Set(losses).size).toBe(3);
  expect(losses[3]).toBe(losses[0]);
});

test('the loss falls', async () => {
  const losses: number[] = [];
  await train({ ...options, steps: 60, stepsPerCall: 20, onProgress: (p) => losses.push(p.loss) });
  expect(losses[2]).toBeLessThan(losses[0]! - 0.5);
});

test('the lineage says what it was trained on', async () => {
  const { lineage, searchSpace, logPriors } = parametersOf(whole.bundle.json);
  expect(searchSpace).toBe('nasbench201');
  expect(lineage).toMatchObject({
    seed: 7,
    steps: 10,
    mixture: 1,
    architectures: 120,
    targets: [
      { id: '1080ti_1', measurements: 120 },
      { id: 'pixel3', measurements: 120 },
      { id: 'silver_4114', measurements: 120 },
    ],
  });
  expect(lineage.finalLoss).toBe(whole.progress[2]!.loss);
  expect(logPriors.flat().reduce((sum, ln) => sum + Math.exp(ln), 0)).toBeCloseTo(1, 9);
  for (const head of logPriors) expect(head.reduce((sum, ln) => sum + Math.exp(ln), 0)).toBeCloseTo(1 / 3, 9);
  const changed = pool.targets.map((t, i) => (i === 1 ? { ...t, latencyMs: t.latencyMs.with(5, 1.5) } : t));
  const other = parametersOf((await train({ ...options, targets: changed, steps: 1 })).json);
  expect(other.lineage.dataHash).not.toBe(lineage.dataHash);
});

describe('other pools', () => {
  const loads = async (more: Partial<FitOptions>) => {
    const predictor = await loadPredictor(await train({ ...options, steps: 2, ...more }));
    const forward = await predictor.forward(pool.architectures.slice(0, 3));
    await predictor.close();
    expect([...forward.lnMean, ...forward.phi].every(Number.isFinite)).toBe(true);
  };

  test('no targets at all: trained on simulated devices', () => loads({ targets: [] }));

  test('targets with gaps, one without any measurement', () =>
    loads({
      targets: [
        { id: 'gaps', latencyMs: pool.targets[0]!.latencyMs.map((ms, i) => (i % 7 === 0 ? ms : Number.NaN)) },
        { id: 'nothing', latencyMs: pool.targets[0]!.latencyMs.map(() => Number.NaN) },
      ],
      steps: 6,
    }));

  test('targets of one and two measurements', () =>
    loads({
      targets: [1, 2].map((count) => ({
        id: `${count}`,
        latencyMs: pool.targets[0]!.latencyMs.map((ms, i) => (i >= 30 && i < 30 + count ? ms : Number.NaN)),
      })),
      steps: 6,
    }));

  test.each(['fbnet', 'ofa'] as const)('%s', async (id) => {
    const targets = { fbnet: ['1080ti_1', 'pixel3'], ofa: ['2080ti_1', 'titan_rtx_64'] }[id];
    const bundle = await train({ ...shippedPool(id, targets, 80), seed: 1, steps: 2 });
    expect(parametersOf(bundle.json)).toMatchObject({ searchSpace: id, lineage: { mixture: 0 } });
  });
});

describe('refused', () => {
  const [first] = pool.targets as [(typeof pool.targets)[number]];
  const refused: Readonly<Record<string, readonly [Partial<FitOptions>, string, RegExp]>> = {
    'a pool smaller than an episode': [
      { architectures: pool.architectures.slice(0, 63), targets: [] },
      'too-few-measurements',
      /at least 64 architectures, got 63/,
    ],
    'latencies of other architectures': [
      { targets: [{ id: 'short', latencyMs: first.latencyMs.slice(1) }] },
      'invalid-request',
      /'short' has 119 latencies for 120 architectures/,
    ],
    'a latency of zero': [
      { targets: [first, { id: 'zero', latencyMs: first.latencyMs.with(3, 0) }] },
      'invalid-request',
      /'zero' has latency 0 ms at row 3/,
    ],
    'a negative latency': [
      { targets: [{ id: 'negative', latencyMs: first.latencyMs.with(3, -2) }] },
      'invalid-request',
      /'negative' has latency -2 ms at row 3/,
    ],
    'an infinite latency': [
      { targets: [{ id: 'endless', latencyMs: first.latencyMs.with(0, Number.POSITIVE_INFINITY) }] },
      'invalid-request',
      /'endless' has latency Infinity ms at row 0/,
    ],
    'latencies over which the loss is lost': [
      { targets: [{ id: 'absurd', latencyMs: first.latencyMs.map((_, i) => 10 ** (i % 2 === 0 ? -300 : 300)) }] },
      'training-failed',
      /the loss is NaN after step 4 of 10/,
    ],
  };
  for (const [name, [more, code, message]] of Object.entries(refused)) {
    test(name, async () => {
      await expect(train({ ...options, ...more })).rejects.toMatchObject({
        code,
        message: expect.stringMatching(message),
      });
    });
  }
});
