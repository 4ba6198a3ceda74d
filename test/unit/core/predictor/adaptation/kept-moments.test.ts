// What a process keeps of an adaptation gives what the direct formula gives: the same networks, counted whole, through
// networkSums and lnMoments.
import { beforeEach, describe, expect, test } from 'vitest';
import type { Kernel } from '#core/graph/kernel.ts';
import type { Adaptation } from '#core/predictor/adaptation/adaptation.ts';
import { keptMoments } from '#core/predictor/adaptation/kept-moments.ts';
import { lnMoments } from '#core/predictor/adaptation/posterior-predictive.ts';
import { headsOf, netCount, featureDimension as P } from '#core/predictor/hypotheses.ts';
import { countCache } from '#core/predictor/kernels/count-cache.ts';
import { forwardOfSets } from '#core/predictor/kernels/forward.ts';
import { priceBooks } from '#core/predictor/kernels/price-book.ts';
import type { NetworkSet } from '#core/predictor/types.ts';
import { seededRandom } from '#core/random.ts';
import { searchSpace } from '#core/search-space/registry.ts';
import { workloadOf } from '#core/search-space/workload.ts';

const lowerings = ['eager', 'fused', 'onnxruntime-all'] as const;
const random = seededRandom(3);
const normals = (count: number, scale: number): number[] =>
  Array.from({ length: count }, () => scale * random.normal());

let priced = 0;
/** Made up; a coordinate that no kernel touches among them. */
const books = () =>
  priceBooks((kernels: readonly Kernel[]) => {
    priced += kernels.length;
    const count = kernels.length;
    return Promise.resolve({
      count,
      lnMean: Array.from({ length: netCount }, () => Float32Array.from(normals(count, 1))),
      psi: Array.from({ length: netCount }, () =>
        Float32Array.from(normals(count * P, 0.3), (value, i) => (i % P === 7 ? 0 : value)),
      ),
    });
  });

function adaptation(headCount: number): Adaptation {
  const heads = headsOf(lowerings);
  const chosen = [...random.choose(heads.length, headCount)];
  return {
    predictorHash: 'hash',
    measurements: 10,
    intervalScale: 1.2,
    outliers: [],
    heads: chosen.map((h, i) => {
      const coordinates = [...random.choose(P, 30)].toSorted((a, b) => a - b);
      return {
        ...heads[h]!,
        form: (['positive', 'linear', 'exponential'] as const)[i % 3]!,
        weight: 1 / headCount,
        lnScale: random.normal(),
        coordinates,
        weights: normals(30, 0.2),
        factor: normals((31 * 32) / 2, 0.1),
        priorVariance: 0.7,
        noiseVariance: 0.01,
      };
    }),
  };
}

const setOf = (id: string, count: number, batchSize = 1): NetworkSet => {
  const space = searchSpace(id);
  const architectures = Array.from({ length: count }, () => space.sample(random));
  return { workload: workloadOf({ searchSpace: id, batchSize }), architectures };
};
const sets = [setOf('nasbench201', 40), setOf('nasbench201', 5, 64), setOf('fbnet', 6), setOf('ofa', 4)] as const;
const counts = countCache(lowerings);
beforeEach(() => {
  priced = 0;
});

describe.each(sets.map((set) => [`${set.workload.searchSpace}, batch ${set.workload.batchSize}`, set] as const))(
  '%s',
  (_, set) => {
    test.each([1, 3])(
      'under %i heads the moments are those of the direct formula, the first time and later',
      async (n) => {
        const shelf = books();
        const one = adaptation(n);
        // Heads may differ in the mean of their prior alone.
        const [head] = one.heads;
        const centred = { ...head!, weights: normals(30, 0.2), lnScale: 0.5, weight: head!.weight / 2 };
        const twice = { ...one, heads: [{ ...head!, weight: head!.weight / 2 }, centred, ...one.heads.slice(1)] };
        const own = [adaptation(n), twice];
        const moments = keptMoments(counts, shelf, lowerings);
        const forward = await forwardOfSets(counts, shelf, [set], netCount * lowerings.length);
        for (const answer of [await moments(own, set), await moments(own, set)]) {
          for (const [a, each] of own.entries()) {
            const { mean, deviation } = lnMoments(each, lowerings, forward);
            for (const i of set.architectures.keys()) {
              expect(answer[a]!.mean[i]).toBeCloseTo(mean[i]!, 5);
              expect(answer[a]!.deviation[i]! / deviation[i]!).toBeCloseTo(1, 4);
            }
          }
        }
      },
    );
  },
);

test('each kernel is priced once, and only those of the lowerings that a target stands on', async () => {
  const own = countCache(lowerings);
  const moments = keptMoments(own, books(), lowerings);
  const { heads, ...rest } = adaptation(1);
  const set = setOf('fbnet', 2);
  await moments([{ ...rest, heads: [{ ...heads[0]!, lowering: 'fused' }] }], set);
  const forOne = priced;
  await moments([{ ...rest, heads: [{ ...heads[0]!, lowering: 'fused' }] }], set);
  expect(priced).toBe(forOne);
  await moments([{ ...rest, heads: [{ ...heads[0]!, lowering: 'eager' }] }], set);
  expect(priced).toBeGreaterThan(forOne);
  expect(priced).toBe(own.parts(set, ['fused', 'eager']).table.kernels.length);
  expect(priced).toBeLessThan(own.count(set).table.kernels.length);
});

test('what is forgotten for want of room is worked out again', async () => {
  const shelf = books();
  const own = [adaptation(2)];
  const set = sets[2];
  const [roomy, narrow] = [keptMoments(counts, shelf, lowerings), keptMoments(counts, shelf, lowerings, 0)];
  const expected = await roomy(own, set);
  for (let round = 0; round < 2; round++) expect(await narrow(own, set)).toEqual(expected);
});
