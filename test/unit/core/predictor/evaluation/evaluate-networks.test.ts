// The yardstick on made-up devices whose latencies are sums over kernels: who is measured, who is scored, and what is
// said.
import { describe, expect, test } from 'vitest';
import { loadPredictor } from '#core/predictor/bundle.ts';
import { type EvaluationOfNetworks, evaluateNetworks } from '#core/predictor/evaluation/evaluate-networks.ts';
import { fitKernelPredictor } from '#core/predictor/fitting/fit-predictor.ts';
import { tinyData } from '../tiny-data.ts';

const data = tinyData();
const [group] = data.groups;
const latency = group!.targets[0]!.latencyMs;
const predictor = await loadPredictor(await fitKernelPredictor({ data, seed: 1, steps: 40 }));
const networks = { rows: group!.networks, families: group!.families };
const plan: EvaluationOfNetworks = {
  kernels: data.kernels,
  measured: networks,
  tested: networks,
  targets: [{ id: 'one', batch: 1, measuredMs: latency, testedMs: latency }],
  measurements: [8],
  selections: ['random', 'chosen'],
  repeats: 3,
  seed: 0,
  families: 'any',
};

test('a target that is a sum over kernels is predicted from eight of its networks', async () => {
  const results = await evaluateNetworks(predictor, plan);
  expect(results.map((r) => [r.selection, r.repeats, r.families])).toEqual([
    ['random', 3, 'any'],
    ['chosen', 1, 'any'],
  ]);
  for (const r of results) {
    expect(r.within10).toBeGreaterThan(0.8);
    expect(r.within20).toBeGreaterThanOrEqual(r.within10);
  }
}, 60_000);

test('the same seed gives the same numbers', async () => {
  expect(await evaluateNetworks(predictor, plan)).toEqual(await evaluateNetworks(predictor, plan));
}, 60_000);

describe('families held out', () => {
  test('are scored alone, drawn anew for every repeat', async () => {
    // Of one family the latencies are a thousandfold: whoever scores it sees errors, and nobody else does.
    const odd = latency.map((ms, i) => (group!.families[i] === 'family 0' ? 1000 * ms : ms));
    const target = { id: 'odd', batch: 1, measuredMs: latency, testedMs: odd };
    const one = async (seed: number) =>
      (
        await evaluateNetworks(predictor, {
          ...plan,
          targets: [target],
          selections: ['random'],
          repeats: 1,
          seed,
          families: 'held-out',
        })
      )[0]!;
    const errors = await Promise.all([0, 1, 2, 3, 4, 5, 6, 7].map(async (seed) => (await one(seed)).medianApe));
    expect(errors.some((e) => e > 0.9)).toBe(true);
    expect(errors.some((e) => e < 0.2)).toBe(true);
    expect(errors.every((e) => e > 0.9 || e < 0.3)).toBe(true);
  }, 60_000);
});

test('more measurements than there are latencies are refused', async () => {
  await expect(evaluateNetworks(predictor, { ...plan, measurements: [21] })).rejects.toMatchObject({
    code: 'too-few-measurements',
  });
});

test('chosen ones are of the whole of a long list, whatever it begins with', async () => {
  const at = Array.from({ length: 2000 }, (_, i) => (i < 1000 ? 0 : i % latency.length));
  const long = { rows: at.map((i) => group!.networks[i]!), families: at.map((i) => group!.families[i]!) };
  const target = { id: 'long', batch: 1, measuredMs: Float64Array.from(at, (i) => latency[i]!), testedMs: latency };
  const chosen = { ...plan, measured: long, targets: [target], selections: ['chosen'] } as const;
  const [result] = await evaluateNetworks(predictor, chosen);
  expect(result!.within10).toBeGreaterThan(0.8);
}, 60_000);
