// Which networks to measure: picks and expected errors worked out by hand.
import { describe, expect, test } from 'vitest';
import { chooseRows, expectedErrorOf, selectSupportSet } from '#core/predictor/adaptation/select-support-set.ts';
import type { Forward } from '#core/predictor/types.ts';
import { standardGraphs } from '#core/standard-networks/standard-networks.ts';
import { architectures, space, trainTiny, workload } from '../../tiny-service.ts';

const noise = 0.03 ** 2;

describe('one head with one feature', () => {
  const forwardOf = (features: readonly number[]): Forward => ({
    count: features.length,
    lnMean: new Float32Array(features.length),
    phi: Float32Array.from(features),
  });
  const candidates = forwardOf([0, 1, -2, 3]);

  test('the first pick lowers the summed variance most, and variances follow', () => {
    // Rows x = [1, f], prior I: variances 1 + f² have mean 1 + 14/4. Measuring x takes off Σ (x·y)² / (x·x + σ²) over
    // y: f = 3 gives (1 + 16 + 25 + 100) / 10 = 14.2, f = −2 (1 + 1 + 25 + 25) / 5 = 10.4, f = 1 (1 + 4 + 1 + 16) / 2 =
    // 11.
    const { picks, variances } = chooseRows(candidates, 4);
    expect(picks.slice(0, 2)).toEqual([3, 2]);
    expect(picks.toSorted()).toEqual([0, 1, 2, 3]);
    expect(variances.length).toBe(5);
    expect(variances[0]).toBeCloseTo(4.5, 9);
    expect(variances[1]).toBeCloseTo(4.5 - 142 / (10 + noise) / 4, 9);
    for (let i = 1; i < 5; i++) expect(variances[i]).toBeLessThan(variances[i - 1]!);
  });

  test('what is known already counts, and is no candidate', () => {
    const first = chooseRows(candidates, 3);
    const rest = chooseRows(candidates, 2, [0, 1, 2], forwardOf([3]));
    expect(rest.picks).toEqual(first.picks.slice(1));
    for (const i of [0, 1, 2]) expect(rest.variances[i]).toBeCloseTo(first.variances[i + 1]!, 6);
  });

  test('nothing is picked twice, and too few candidates are refused', () => {
    expect(new Set(chooseRows(forwardOf([0, 1, -2, 3, 0, 1, -2, 3]), 8).picks).size).toBe(8);
    expect(() => chooseRows(candidates, 5)).toThrow(
      expect.objectContaining({
        code: 'invalid-request',
        message: '5 networks asked for, only 4 candidates',
      }),
    );
    expect(chooseRows(candidates, 0).picks).toEqual([]);
  });
});

test('how heads differ is something to find out', () => {
  // Without features the heads disagree about row 2 alone, by ± .5 about their mean; less the mean over rows ± 1/3
  // there and ∓ 1/6 elsewhere: C = 1 + (δδ' + δδ')/2 has 1 + 1/36 on the diagonal of rows 0 and 1, 1 + 1/9 on that of
  // row 2.
  const lnMean = Float32Array.from([0, 0, 0, 0, 0.5, -0.5]);
  const { variances } = chooseRows({ count: 3, lnMean, phi: new Float32Array(0) }, 1);
  expect(variances[0]).toBeCloseTo(1 + (1 / 36 + 1 / 36 + 1 / 9) / 3, 6);
});

test('expected errors are the median of |N(0, variance + noise²)|', () => {
  expect(expectedErrorOf(0.0016, 0.03)).toBeCloseTo(0.6745 * 0.05, 9);
});

test('of a workload: connected candidates that the target has not measured at this workload', async () => {
  const { predictor } = await trainTiny(1);
  const candidates = { workload, architectures };
  const { indices } = await selectSupportSet(predictor, [candidates], 5);
  expect(indices.every((i) => space.isConnected(architectures[i]!))).toBe(true);
  const known = indices.slice(0, 2).map((i) => architectures[i]!);
  const next = await selectSupportSet(predictor, [candidates], 3, [{ workload, architectures: known }]);
  expect(next.indices).toEqual(indices.slice(2));
  // Measured at another batch size it tells much, and may be measured here all the same.
  const other = { workload: { ...workload, batchSize: 2 }, architectures: known };
  const open = architectures.filter((architecture) => space.isConnected(architecture)).length;
  const all = await selectSupportSet(predictor, [candidates], open, [other]);
  expect(all.indices).toEqual(expect.arrayContaining(indices.slice(0, 2)));
  expect(all.variances[0]).toBeLessThan((await selectSupportSet(predictor, [candidates], 0)).variances[0]!);
  await predictor.close();
});

test('networks of a workload and graphs are compared with each other, and each is told by its place in all', async () => {
  const { predictor } = await trainTiny(1);
  const candidates = { workload, architectures };
  const graphs = standardGraphs().slice(0, 4);
  const offered = [candidates, { graphs }];
  const usable = architectures.flatMap((architecture, i) => (space.isConnected(architecture) ? [i] : []));
  const connected = { workload, architectures: usable.map((i) => architectures[i]!) };
  const { picks, variances } = chooseRows(await predictor.forward([connected, { graphs }]), 6);
  const chosen = await selectSupportSet(predictor, offered, 6);
  expect(chosen.indices).toEqual(picks.map((i) => usable[i] ?? architectures.length + i - usable.length));
  expect(chosen.variances).toEqual(variances);
  const ofGraphs = chosen.indices.filter((i) => i >= architectures.length);
  expect(ofGraphs.length).toBeGreaterThan(0);
  expect(ofGraphs.length).toBeLessThan(6);
  // What is measured is no candidate, of either kind.
  const first = graphs[ofGraphs[0]! - architectures.length]!;
  const next = await selectSupportSet(predictor, offered, usable.length + 3, [{ graphs: [first] }]);
  expect(next.indices).not.toContain(ofGraphs[0]);
  await expect(selectSupportSet(predictor, offered, usable.length + 4, [{ graphs: [first] }])).rejects.toThrow(
    /asked for, only/,
  );
  await predictor.close();
});
