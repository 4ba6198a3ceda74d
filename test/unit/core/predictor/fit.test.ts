// Short real fits on a small real pool: reproducible to the byte, resumable, cancellable; and what is refused.
import { describe, expect, test } from 'vitest';
import { loadPredictor, type PredictorParameters } from '#core/predictor/bundle.ts';
import { type FitCheckpoint, type FitOptions, type FitProgress, fit as train } from '#core/predictor/fit.ts';
import { shippedPool } from './shipped-table.ts';

const pool = shippedPool('nasbench201', ['1080ti_1', 'pixel3', 'silver_4114'], 120);
const options = { ...pool, seed: 7, steps: 10, stepsPerCall: 4 } satisfies FitOptions;

const parametersOf = (json: Uint8Array) => JSON.parse(new TextDecoder().decode(json)) as PredictorParameters;

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
  return { bundle, progress };
}

const whole = await fitWithProgress();

test('the same seed gives the same bytes, another seed others', async () => {
  expect(await train(options)).toEqual(whole.bundle);
  const other = await train({ ...options, seed: 8 });
  expect(other.onnx).not.toEqual(whole.bundle.onnx);
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
  expect(resumed.bundle).toEqual(whole.bundle);
  expect(resumed.progress.map((p) => [p.step, p.loss])).toEqual(
    whole.progress.slice(at + 1).map((p) => [p.step, p.loss]),
  );
});

test('a finished fit resumed is the same once more', async () => {
  const resumed = await fitWithProgress({ resume: stored(whole.progress[2]!.checkpoint) });
  expect(resumed).toEqual({ bundle: whole.bundle, progress: [] });
});

test('a checkpoint is not changed by the steps that follow it', async () => {
  const copies: FitCheckpoint[] = [];
  const progress: FitProgress[] = [];
  await train({
    ...options,
    onProgress: (p) => {
      progress.push(p);
      copies.push(stored(p.checkpoint));
    },
  });
  expect(progress.map((p) => p.checkpoint)).toEqual(copies);
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
  expect(await train({ ...options, resume: stored(seen[0]!.checkpoint) })).toEqual(whole.bundle);
});

test('a fit cancelled before it starts runs no step', async () => {
  const onProgress = (): never => {
    throw new Error('a step ran');
  };
  await expect(train({ ...options, signal: AbortSignal.abort(), onProgress })).rejects.toMatchObject({
    code: 'cancelled',
  });
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
