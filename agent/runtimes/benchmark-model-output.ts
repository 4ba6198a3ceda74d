// Reads what TensorFlow Lite's benchmark_model prints. Total. Source: tensorflow/core/util/stats_calculator.h and
// tensorflow/lite/tools/benchmark; older versions print no percentiles.

export interface BenchmarkModelOutput {
  readonly averageUs: number;
  /** Absent in versions that print no percentiles. */
  readonly medianUs?: number;
  readonly runs: number;
}

/** @returns undefined when the text has no result. */
export function parseBenchmarkModel(text: string): BenchmarkModelOutput | undefined {
  const average = /Inference timings in us:.*\bInference \(avg\): (\S+)/.exec(text)?.[1];
  const averageUs = positive(average);
  if (averageUs === undefined) return undefined;
  // One line each for warm-up, the timed runs and, with profiling, the profiled ones: ours has the same average.
  const line = [...text.matchAll(/\bcount=(\d+)\b([^\r\n]*)/g)].find(
    ([, , rest]) => / avg=(\S+)/.exec(rest!)?.[1] === average,
  );
  if (line === undefined) return undefined;
  const runs = Number(line[1]);
  if (!(runs >= 1 && runs <= 1e9)) return undefined;
  const medianUs = positive(/ median=(\S+)/.exec(line[2]!)?.[1]);
  return { averageUs, runs, ...(medianUs === undefined ? {} : { medianUs }) };
}

/** `145528`, `54074.1`, `1.24027e+06` */
function positive(text: string | undefined): number | undefined {
  const value = text !== undefined && /^\d+(?:\.\d+)?(?:e[+-]?\d{1,2})?$/.test(text) ? Number(text) : Number.NaN;
  return value > 0 && Number.isFinite(value) ? value : undefined;
}
