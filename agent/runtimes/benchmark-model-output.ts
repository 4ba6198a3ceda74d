// Reads what TensorFlow Lite's benchmark_model prints, in any of its versions. Total. Sources: tensorflow/lite/tools/
// benchmark/benchmark_model.cc (before 2020: "Average inference timings in us: Warmup: …, Init: …, no stats: …"),
// tensorflow/core/util/stats_calculator.h (the lines with counts), and since 2025 litert/tools/benchmark_litert_model.h
// (a table with units).

export interface BenchmarkModelOutput {
  readonly averageUs: number;
  /** Absent in versions that print no percentiles. */
  readonly medianUs?: number;
  /** null: it does not say. */
  readonly runs: number | null;
}

/** What is read, for messages. */
export const expectedBenchmarkOutput =
  "a line 'Inference timings in us: …, Inference (avg): N', or before 2020 'Average inference timings in us: …, no " +
  "stats: N'";

/** @returns undefined when the text has no result. */
export function parseBenchmarkModel(text: string): BenchmarkModelOutput | undefined {
  const lines = countLines(text);
  return fromSummary(text, lines) ?? fromTable(text, lines);
}

/** What stands where the result should be, for messages; undefined where nothing does. */
export function nearestBenchmarkLine(text: string): string | undefined {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  return (
    lines.findLast((line) => /timings in us|Inference \(avg\)/i.test(line)) ??
    lines.findLast((line) => /\bcount=\d/.test(line)) ??
    lines.findLast((line) => /^(ERROR|E)\b|\bfailed\b/i.test(line))
  );
}

/** The summary line has the average; the line with counts that has the same average says more. */
function fromSummary(text: string, lines: readonly CountLine[]): BenchmarkModelOutput | undefined {
  for (const [, values] of [...text.matchAll(/\binference timings in us:([^\r\n]*)/gi)].reverse()) {
    const averageUs = positive(/\b(?:Inference \(avg\)|no stats|Inference):\s*([^\s,]+)/.exec(values!)?.[1]);
    if (averageUs === undefined) continue;
    const { runs, medianUs } = timedLine(lines, averageUs) ?? { runs: null, medianUs: undefined };
    return { averageUs, runs, ...(medianUs === undefined ? {} : { medianUs }) };
  }
  return undefined;
}

/** A line each for the warm-up, the timed runs and, with profiling, the profiled ones: ours has the same average, to
 * the six digits that are printed. */
function timedLine(lines: readonly CountLine[], averageUs: number): CountLine | undefined {
  const own = lines.filter((line) => Math.abs(line.averageUs / averageUs - 1) <= 1e-5);
  // A warm-up with the same average stands first.
  return own.length > 1 ? own.find((line) => line !== lines[0]) : own[0];
}

/** The table of LiteRT rounds to 0.01 ms; the line with as many counts does not. */
function fromTable(text: string, lines: readonly CountLine[]): BenchmarkModelOutput | undefined {
  const row = /\bInference \(avg\):[ \t]*(\S+)[ \t]*(us|ms|s)\b(?:[ \t]*\((\d+) runs\))?/.exec(text);
  if (row === null) return undefined;
  const count = Number(row[3]);
  const line = lines.findLast(({ runs }) => runs === count);
  if (line !== undefined) {
    return {
      averageUs: line.averageUs,
      runs: count,
      ...(line.medianUs === undefined ? {} : { medianUs: line.medianUs }),
    };
  }
  const averageUs = positive(row[1]);
  if (averageUs === undefined) return undefined;
  return { averageUs: averageUs * microseconds[row[2]!]!, runs: count >= 1 && count <= mostRuns ? count : null };
}

const microseconds: Readonly<Record<string, number>> = { us: 1, ms: 1000, s: 1e6 };
const mostRuns = 1e9;

interface CountLine {
  readonly runs: number;
  readonly averageUs: number;
  readonly medianUs: number | undefined;
}

/** `count=24 first=… curr=… min=… max=… avg=… std=… p5=… median=… p95=…`; of a single run, and of equal ones, only
 * `count=1 curr=…`. Sums over operators (`Timings (microseconds): count=…`, `Memory (bytes): count=…`) are others. */
function countLines(text: string): CountLine[] {
  return [...text.matchAll(/^([^\r\n]*?)\bcount=(\d+)[ \t]+((?:first|curr)=[^\r\n]*)/gm)].flatMap(
    ([, before, count, values]) => {
      const runs = Number(count);
      const averageUs = positive(fieldOf(values!, 'avg') ?? fieldOf(values!, 'curr'));
      if (/\((?:microseconds|bytes)\)/.test(before!) || averageUs === undefined) return [];
      return runs >= 1 && runs <= mostRuns ? [{ runs, averageUs, medianUs: positive(fieldOf(values!, 'median')) }] : [];
    },
  );
}

function fieldOf(values: string, name: string): string | undefined {
  return new RegExp(`\\b${name}=([^\\s(]+)`).exec(values)?.[1];
}

/** `145528`, `54074.1`, `1.24027e+06` */
function positive(text: string | undefined): number | undefined {
  const value = text !== undefined && /^\d+(?:\.\d+)?(?:e[+-]?\d{1,2})?$/.test(text) ? Number(text) : Number.NaN;
  return value > 0 && Number.isFinite(value) ? value : undefined;
}
