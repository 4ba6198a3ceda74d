// The baseline of someone who counts kernels and knows no device: each launch costs a fixed time, or what its work or
// its traffic take, whichever is more, at round numbers of one core of a CPU. They were written down before anything
// was compared and belong to no target. Measurements of a target give the one factor by which all is off.
import type { Kernel } from '#core/graph/kernel.ts';
import type { CountedNetworks } from '#core/predictor/kernels/count-cache.ts';
import { kernelWork } from '#core/predictor/kernels/kernel-features.ts';

const launchMs = 0.005;
const macsPerMs = 20e6;
const floatsPerMs = 2.5e6;

/** Milliseconds of one launch; the constant of a run is a launch too. */
export function handSetMs(kernel: Kernel): number {
  const { macs, read, written, weights } = kernelWork(kernel);
  return launchMs + Math.max(macs / macsPerMs, (read + written + weights) / floatsPerMs);
}

/** Latencies in ms of all networks under the lowering that they were counted under.
 * @param support rows that were measured; empty: the prices as they stand
 * @param latencyMs of these rows, in their order */
export function handSetLatencies(
  { table, rows }: CountedNetworks,
  support: readonly number[],
  latencyMs: Float64Array,
): Float64Array {
  const own = Float64Array.from(rows, ([counted]) =>
    counted!.kernels.reduce((sum, kernel, i) => sum + counted!.counts[i]! * handSetMs(table.kernels[kernel]!), 0),
  );
  const lnFactors = support.map((row, i) => Math.log(latencyMs[i]! / own[row]!));
  const lnFactor = lnFactors.reduce((sum, factor) => sum + factor, 0) / Math.max(lnFactors.length, 1);
  return own.map((ms) => ms * Math.exp(lnFactor));
}
