// Simulated devices with a profiler: what the profiler says is of the kernels that the device launches.
import { expect, test } from 'vitest';
import { wordOfKernel } from '#core/dataset/kernel-times/kernel-word.ts';
import { lower } from '#core/graph/lower.ts';
import { simulatedProfiles } from '#core/predictor/evaluation/simulated-profiles.ts';
import { kernelFeatureNames } from '#core/predictor/kernels/kernel-features.ts';
import type { Forward, Predictor } from '#core/predictor/types.ts';
import { seededRandom } from '#core/random.ts';
import { describeNetwork } from '#core/search-space/network/describe.ts';
import { searchSpace } from '#core/search-space/registry.ts';

test('shares are of the kinds that are launched, sum to 1, and differ between devices', async () => {
  const space = searchSpace('nasbench201');
  const workload = { searchSpace: space.id, inputSize: 32, batchSize: 1 };
  const random = seededRandom(3);
  const architectures = Array.from({ length: 3 }, () => space.sample(random));
  const zeros = Array<number>(kernelFeatureNames.length).fill(0);
  const predictor = {
    parameters: { normalisation: { mean: zeros, deviation: zeros.map(() => 1) } },
    forward: async () => ({ count: 3, lnMean: new Float32Array(3), phi: new Float32Array(3) }) as Forward,
  } as unknown as Predictor;
  const [first, second] = await simulatedProfiles(predictor, { workload, architectures }, 'onnxruntime-basic', 2, 1);
  for (const [i, own] of first!.networks.shares!.entries()) {
    const kernels = lower(describeNetwork(space, architectures[i]!, workload).graph, 'onnxruntime-basic');
    expect(new Set(Object.keys(own!))).toEqual(new Set(kernels.map(({ kernel }) => wordOfKernel(kernel))));
    expect(Object.values(own!).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
    expect(first!.latencyMs[i]).toBeGreaterThan(0);
  }
  expect(first!.networks.shares).not.toEqual(second!.networks.shares);
});
