// Steps of meta-training on small made-up data: what the arrays hold, against the data they are drawn from.
import { describe, expect, test } from 'vitest';
import { drawStep, type StepSize } from '#core/predictor/fitting/episodes.ts';
import { standardisationOf } from '#core/predictor/fitting/price-network.ts';
import { simulatePrices } from '#core/predictor/fitting/simulate-device.ts';
import { kernelFeatureNames, kernelFeatures } from '#core/predictor/kernels/kernel-features.ts';
import { seededRandom } from '#core/random.ts';
import { tinyData } from '../tiny-data.ts';

const data = tinyData();
const standardisation = standardisationOf(Float32Array.from(data.kernels.flatMap((k) => kernelFeatures(k))));
const size: StepSize = { kernels: 8, networks: 16, devices: 6, lowerings: 2 };
const draw = (seed: number, sizes = [size]) => drawStep(seededRandom(seed), data, standardisation, sizes);
const seeds = Array.from({ length: 60 }, (_, i) => i);

test('the same seed draws the same step', () => {
  expect(draw(4)).toEqual(draw(4));
  expect(draw(4).arrays.lnLatency).not.toEqual(draw(5).arrays.lnLatency);
});

describe('every step', () => {
  test.each(seeds.slice(0, 12))('of seed %i has finite latencies and launches where a network is present', (seed) => {
    const { arrays } = draw(seed);
    expect(arrays.lnLatency.every(Number.isFinite)).toBe(true);
    for (let row = 0; row < 2 * size.networks; row++) {
      const launches = arrays.counts.subarray(row * size.kernels, (row + 1) * size.kernels).reduce((a, b) => a + b, 0);
      expect(launches > 0).toBe(arrays.present[row % size.networks] === 1);
    }
  });

  test('names the heads it looks at: all lowerings of net 0, then one of net 1', () => {
    for (const seed of seeds) {
      const { heads } = draw(seed).arrays;
      expect([...heads.subarray(0, 8)]).toEqual([1, 0, 0, 0, 0, 1, 0, 0]);
      expect([...heads.subarray(8)].filter((v) => v === 1)).toHaveLength(1);
      expect([heads[8], heads[9]]).toEqual([0, 0]);
    }
  });

  test('counts a simulated device for the head of net 1, and every device for those of net 0', () => {
    for (const seed of seeds) {
      const { weights } = draw(seed).arrays;
      const simulated = [...weights.subarray(2 * size.devices)];
      expect(simulated.every((w) => w === 0 || w === 2)).toBe(true);
      for (const w of weights.subarray(0, 2 * size.devices)) expect(w).toBeCloseTo(0.1, 6);
    }
  });
});

test('a real device is the measured latencies over their geometric mean, within its noise', () => {
  // Only the first target, and it alone: then every device that is not simulated is it.
  const [group] = data.groups;
  const only = {
    ...data,
    groups: [{ ...group!, families: group!.families.map(() => 'one'), targets: [group!.targets[0]!] }],
  };
  const { arrays } = drawStep(seededRandom(2), only, standardisation, [{ ...size, devices: 40, networks: 20 }]);
  const kernels = (row: number) => [...arrays.counts.subarray(row * 8, row * 8 + 8)];
  const latency = group!.targets[0]!.latencyMs;
  const rows = Array.from({ length: 20 }, (_, j) =>
    group!.networks.findIndex(([own]) => own!.counts.every((n, i) => n === kernels(j)[i])),
  );
  const lnMean = rows.reduce((total, row) => total + Math.log(latency[row]!), 0) / 20;
  const real = Array.from({ length: 40 }, (_, b) => b).filter((b) => arrays.weights[2 * 40 + b] === 0);
  const median = real
    .map((b) => {
      const errors = rows.map((row, j) => Math.abs(arrays.lnLatency[b * 20 + j]! - (Math.log(latency[row]!) - lnMean)));
      return errors.sort((x, y) => x - y)[10]!;
    })
    .sort((x, y) => x - y);
  expect(real.length).toBeGreaterThan(15);
  expect(median[0]).toBeLessThan(0.01);
  // Blends with simulated devices are further away; the half that is nearest is not.
  expect(median[Math.floor(real.length / 2)]).toBeLessThan(0.08);
});

test('a step whose kernels do not fit takes fewer networks, or the larger size', () => {
  const small: StepSize = { ...size, kernels: 3 };
  const { arrays } = draw(1, [small]);
  expect(arrays.present.reduce((a, b) => a + b, 0)).toBe(0);
  const larger = draw(1, [small, { ...size, kernels: 6, lowerings: 1 }]);
  expect(larger.size.kernels).toBe(6);
  expect(larger.arrays.present.reduce((a, b) => a + b, 0)).toBe(16);
});

test('simulated devices are positive, differ, and price the run’s constant at nothing', () => {
  const features = new Float32Array(data.kernels.length * kernelFeatureNames.length);
  const table = { kernels: data.kernels, features, batch: 1 };
  const launches = new Float64Array(data.kernels.length).fill(1);
  const all = seeds.map((seed) => simulatePrices(seededRandom(seed), table, launches));
  for (const prices of all) {
    expect(prices[0]).toBe(0);
    expect(prices.subarray(1).every((p) => p > 0 && p < 1000)).toBe(true);
  }
  expect(new Set(all.map((p) => p[1]! / p[2]!)).size).toBe(seeds.length);
});
