// When a measurement has warmed up and when it has enough samples. Pure: samples go in, a verdict comes out; the time
// it knows is the sum of the samples, so that a test needs no clock.
import { median } from '#core/statistics/quantile.ts';
import { studentT975 } from '#core/statistics/student-t.ts';

export interface WarmUpRule {
  readonly minRuns: number;
  /** Two windows of at least this long are compared. */
  readonly windowMs: number;
  /** Their medians may differ by this much, relative. */
  readonly tolerance: number;
  readonly maxMs: number;
}

export interface SamplingRule {
  readonly minRuns: number;
  readonly maxRuns: number;
  readonly minMs: number;
  readonly maxMs: number;
  /** Half width of the 95 % confidence interval, relative to the latency, at which it is enough. */
  readonly tolerance: number;
}

export interface StopRule {
  readonly warmUp: WarmUpRule;
  readonly sampling: SamplingRule;
}

export const defaultStopRule: StopRule = {
  warmUp: { minRuns: 6, windowMs: 50, tolerance: 0.02, maxMs: 3000 },
  sampling: { minRuns: 30, maxRuns: 50_000, minMs: 200, maxMs: 5000, tolerance: 0.01 },
};

/** Takes run after run and says true when the last two windows agree, or the time for it is over. */
export function createWarmUp(rule: WarmUpRule): (latencyMs: number) => boolean {
  let window: number[] = [];
  let windowMs = 0;
  let previous: number | undefined;
  let runs = 0;
  let totalMs = 0;
  return (latencyMs) => {
    runs++;
    totalMs += latencyMs;
    window.push(latencyMs);
    windowMs += latencyMs;
    if (window.length >= 3 && windowMs >= rule.windowMs) {
      const medianMs = median(window);
      const settled = previous !== undefined && Math.abs(medianMs / previous - 1) <= rule.tolerance;
      if (settled && runs >= rule.minRuns) return true;
      previous = medianMs;
      window = [];
      windowMs = 0;
    }
    return totalMs >= rule.maxMs && runs >= Math.min(3, rule.minRuns);
  };
}

export type Verdict = 'more' | 'stable' | 'unstable';

/** Takes sample after sample. `unstable`: a limit was reached before the interval was narrow enough. */
export function createSampling(rule: SamplingRule): (latencyMs: number) => Verdict {
  const samples: number[] = [];
  let totalMs = 0;
  let nextCheck = Math.max(rule.minRuns, blocks);
  return (latencyMs) => {
    samples.push(latencyMs);
    totalMs += latencyMs;
    const atLimit = samples.length >= rule.maxRuns || totalMs >= rule.maxMs;
    if (samples.length < nextCheck && !atLimit) return 'more';
    nextCheck = Math.ceil(samples.length * 1.3);
    const enough = samples.length >= rule.minRuns && (totalMs >= rule.minMs || samples.length >= rule.maxRuns);
    const width = relativeHalfWidth(samples);
    if (enough && width !== undefined && width <= rule.tolerance) return 'stable';
    return atLimit ? 'unstable' : 'more';
  };
}

const blocks = 10;

/** Half width of a 95 % confidence interval of the latency, relative to it, from the medians of ten consecutive blocks:
 * neighbouring samples depend on each other, so that an interval from single samples would be too narrow (batch means;
 * Law and Kelton, Simulation Modeling and Analysis). Undefined with fewer than ten samples. */
export function relativeHalfWidth(samplesMs: readonly number[]): number | undefined {
  if (samplesMs.length < blocks) return undefined;
  const medians = Array.from({ length: blocks }, (_, b) => {
    const from = Math.floor((b * samplesMs.length) / blocks);
    return median(samplesMs.slice(from, Math.floor(((b + 1) * samplesMs.length) / blocks)));
  });
  const mean = medians.reduce((sum, m) => sum + m, 0) / blocks;
  const variance = medians.reduce((sum, m) => sum + (m - mean) ** 2, 0) / (blocks - 1);
  return (studentT975(blocks - 1) * Math.sqrt(variance / blocks)) / mean;
}
