// Which architectures to measure: the reference's choice, and expected errors worked out by hand.
import { describe, expect, test } from 'vitest';
import { selectSupportSet } from '#core/predictor/adaptation/select-support-set.ts';
import type { Predictor, PredictorParameters } from '#core/predictor/bundle.ts';
import type { Forward } from '#core/predictor/types.ts';
import { nasbench201 } from '#core/search-space/nasbench201/space.ts';
import type { Architecture } from '#core/search-space/search-space.ts';
import { range, reference, referenceForward, referenceParameters } from '../reference.ts';

/** A predictor whose architectures are row numbers of a given forward pass. */
function predictorOf(
  forwardOf: (rows: readonly number[]) => Forward,
  parameters: PredictorParameters,
  connected: (row: number) => boolean = () => true,
): Predictor {
  return {
    identity: { searchSpace: 'nasbench201', version: '0', hash: '0' },
    space: { ...nasbench201, isConnected: (architecture) => connected(architecture[0]!) },
    parameters,
    forward: (architectures) => Promise.resolve(forwardOf(architectures.map((a) => a[0]!))),
    close: () => Promise.resolve(),
  };
}
const architecture = (row: number): Architecture => Uint8Array.of(row);

describe('against the reference', () => {
  test.each(reference.selection.cases)('features × $phiScale, $count architectures', async (expected) => {
    const predictor = predictorOf(
      (rows) => referenceForward(expected.phiScale, rows),
      referenceParameters,
      (row) => reference.selection.connected[row]!,
    );
    const { indices } = await selectSupportSet(predictor, range(0, 70).map(architecture), expected.count);
    expect(indices).toEqual(expected.indices);
  });
});

describe('one head with one feature', () => {
  const feature = [0, 1, -2, 3];
  const predictor = predictorOf(
    (rows) => ({
      count: rows.length,
      lnMean: new Float32Array(rows.length),
      phi: Float32Array.from(rows, (row) => feature[row]!),
    }),
    { ...referenceParameters, heads: [{ kind: 'linear', mean: 0 }], featureDimension: 1 },
  );
  const noise = 0.03 ** 2;
  const candidates = range(0, 4).map(architecture);
  /** Median of |N(0, 1)| times the deviation of a prediction at the mean posterior variance. */
  const errorOf = (meanVariance: number): number => 0.6745 * Math.sqrt(meanVariance + noise);

  test('the first pick lowers the summed variance most, and expected errors follow', async () => {
    // Rows x = [1, f], prior I: variances 1 + f² have mean 1 + 14/4. Measuring x takes off Σ (x·y)² / (x·x + σ²) over
    // y: f = 3 gives (1 + 16 + 25 + 100) / 10 = 14.2, f = −2 (1 + 1 + 25 + 25) / 5 = 10.4, f = 1 (1 + 4 + 1 + 16) / 2 =
    // 11.
    const { indices, expectedErrors } = await selectSupportSet(predictor, candidates, 4);
    expect(indices[0]).toBe(3);
    expect(indices[1]).toBe(2);
    expect(indices.toSorted()).toEqual([0, 1, 2, 3]);
    expect(expectedErrors.length).toBe(5);
    expect(expectedErrors[0]).toBeCloseTo(errorOf(4.5), 9);
    expect(expectedErrors[1]).toBeCloseTo(errorOf(4.5 - 142 / (10 + noise) / 4), 9);
    for (let i = 1; i < 5; i++) expect(expectedErrors[i]).toBeLessThan(expectedErrors[i - 1]!);
  });

  test('what is measured already is not asked for again, and counts', async () => {
    const first = await selectSupportSet(predictor, candidates, 3);
    const rest = await selectSupportSet(predictor, candidates, 2, [architecture(3)]);
    expect(rest.indices).toEqual(first.indices.slice(1));
    for (const i of [0, 1, 2]) expect(rest.expectedErrors[i]).toBeCloseTo(first.expectedErrors[i + 1]!, 6);
  });

  test('nothing is picked twice, and too few candidates are refused', async () => {
    const twice = [...candidates, ...candidates];
    const { indices } = await selectSupportSet(predictor, twice, 8);
    expect(new Set(indices).size).toBe(8);
    await expect(selectSupportSet(predictor, candidates, 5)).rejects.toMatchObject({
      code: 'invalid-request',
      message: '5 architectures asked for, only 4 candidates',
    });
    expect(await selectSupportSet(predictor, candidates, 0)).toMatchObject({ indices: [] });
  });
});
