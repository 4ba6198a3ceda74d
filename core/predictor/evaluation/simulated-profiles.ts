// Simulated devices with a profiler: prices are known, and so is what each kind of kernel takes of a run. They say what
// kernel times are worth where no device has any, also of runtimes that launch otherwise than all that a predictor
// tells apart.
import { wordOfKernel } from '#core/dataset/kernel-times/kernel-word.ts';
import { lower } from '#core/graph/lower.ts';
import type { LoweringId } from '#core/graph/lowerings.ts';
import { standardised } from '#core/predictor/fitting/price-network.ts';
import { runShare, simulatePrices } from '#core/predictor/fitting/simulate-device.ts';
import { kernelFeatures } from '#core/predictor/kernels/kernel-features.ts';
import { type CountRow, kernelTable } from '#core/predictor/kernels/kernel-table.ts';
import type { NetworkSet, Predictor } from '#core/predictor/types.ts';
import { type Random, seededRandom } from '#core/random.ts';
import { describeNetwork } from '#core/search-space/network/describe.ts';
import { searchSpace } from '#core/search-space/registry.ts';
import type { ProfiledTarget } from './profiled-targets.ts';

/** Deviations of ln: of a latency, and of what the profiler says of all launches of a kernel. */
const latencyNoise = 0.01;
const profilerNoise = 0.03;

/** Targets that run the networks as a lowering launches them.
 * @param count how many, each with prices of its own */
export async function simulatedProfiles(
  predictor: Predictor,
  { workload, architectures }: NetworkSet,
  lowering: LoweringId,
  count: number,
  seed: number,
): Promise<ProfiledTarget[]> {
  const forward = await predictor.forward([{ workload, architectures }]);
  const space = searchSpace(workload.searchSpace);
  const table = kernelTable();
  const rows = architectures.map((own) => table.row(lower(describeNetwork(space, own, workload).graph, lowering)));
  const { kernels } = table;
  const { mean, deviation } = predictor.parameters.normalisation;
  const features = standardised(Float32Array.from(kernels.flatMap((kernel) => kernelFeatures(kernel))), {
    mean: Float32Array.from(mean),
    deviation: Float32Array.from(deviation),
  });
  const launches = new Float64Array(kernels.length);
  for (const row of rows) for (const [k, n] of launched(row)) launches[k]! += n / rows.length;
  const words = kernels.map(wordOfKernel);
  return Array.from({ length: count }, (_, device) => {
    const random = seededRandom(seed * 1000 + device);
    const prices = simulatePrices(random, { kernels, features, batch: 1 }, launches);
    const typical = prices.reduce((sum, price, k) => sum + price * launches[k]!, 0);
    // The first kernel is the run.
    prices[0] = runShare(random) * typical;
    const latencyMs = Float64Array.from(rows, (row) => {
      const ms = launched(row).reduce((sum, [k, n]) => sum + n * prices[k]!, 0);
      return ms * Math.exp(latencyNoise * random.normal());
    });
    const shares = rows.map((row) => sharesOf(row, prices, words, random));
    return { id: `${workload.searchSpace} launched as ${lowering}`, networks: { ...forward, shares }, latencyMs };
  });
}

const launched = ({ kernels, counts }: CountRow): [number, number][] =>
  Array.from(kernels, (kernel, i) => [kernel, counts[i]!]);

function sharesOf(
  row: CountRow,
  prices: Float64Array,
  words: readonly string[],
  random: Random,
): Record<string, number> {
  const told = launched(row)
    .filter(([k]) => k !== 0)
    .map(([k, n]) => [words[k]!, n * prices[k]! * Math.exp(profilerNoise * random.normal())] as const);
  const total = told.reduce((sum, [, ms]) => sum + ms, 0);
  const shares: Record<string, number> = {};
  for (const [word, ms] of told) shares[word] = (shares[word] ?? 0) + ms / total;
  return shares;
}
