// What the agent asks of any runtime: whether it is here, and the latency of one model file. Each runtime is one file
// beside this one and a line in runtime-list.ts; programs of others are driven from outside and their output is parsed.
import type { KernelTimes } from '#core/dataset/kernel-times/kernel-times.ts';
import type { OperatorGraph, Tensor } from '#core/graph/operator-graph.ts';
import { type LatencySummary, summariseLatency } from '#core/statistics/latency-summary.ts';
import { median } from '#core/statistics/quantile.ts';
import { studentT975 } from '#core/statistics/student-t.ts';
import { relativeHalfWidth, type StopRule } from '../measure/stop-rule.ts';
import type { Perf } from '../perf/perf-command.ts';
import type { PerfRow } from '../perf/row.ts';
import type { GraphOptimization } from '../worker/job.ts';
import type { Reported } from './reported.ts';

export const runtimePrecisions = ['fp32', 'fp16', 'int8'] as const;
export type Precision = (typeof runtimePrecisions)[number];

export interface RuntimeSettings {
  readonly threads: number;
  readonly graphOptimization: GraphOptimization;
  readonly precision: Precision;
}

export interface BuildRule {
  /** Longest building of one engine, s, besides the time for measuring. */
  readonly limitS: number;
  /** Where engines are kept. */
  readonly engineFolder: string;
}

export interface MeasureRequest {
  readonly modelPath: string;
  readonly settings: RuntimeSettings;
  readonly rule: StopRule;
  readonly cpus: readonly number[] | undefined;
  /** Longest time for warm-up and samples. */
  readonly timeoutS: number;
  /** For a runtime that builds something from the model first; left out: no time for it, nothing kept. */
  readonly build?: BuildRule;
  /** Seed of the random input. */
  readonly seed: number;
  /** What the model takes, where it is not one image of floats; for runtimes whose inputs the agent makes. */
  readonly inputs?: readonly Tensor[];
  /** What the model computes, where it is known beside the file. */
  readonly graph?: OperatorGraph;
  /** Count these events per inference; only for a runtime that `counts`. */
  readonly counting?: { readonly perf: Perf; readonly events: readonly string[]; readonly windowMs: number };
  readonly signal?: AbortSignal;
}

export interface MeasuredLatency extends Reported {
  readonly latency: LatencySummary;
  /** null: the program does not say. */
  readonly runs: number | null;
  readonly stable: boolean;
  readonly samplesMs?: readonly number[];
  /** perf's rows over `countedRuns` inferences; empty where nothing was counted. */
  readonly rows: readonly PerfRow[];
  readonly countedRuns: number;
  /** How long an engine was built for it, s; absent where none was, or none that the agent knows of. */
  readonly builtS?: number;
}

export type Detection =
  | { readonly found: true; readonly version: string | null; readonly path?: string }
  | { readonly found: false; readonly reason: string };

export interface Runtime {
  /** Its name in the list (runtime-list.ts); profiles state it. */
  readonly name: string;
  /** As a profile names it. */
  readonly executionProvider: string;
  /** Whether counters can be switched around its inferences. */
  readonly counts: boolean;
  /** What kind of file it takes: the agent writes `.onnx` itself, others are brought along. */
  readonly modelSuffix: string;
  /** Which settings it heeds; a profile states only those. */
  readonly heeds: readonly (keyof RuntimeSettings)[];
  readonly precisions: readonly Precision[];
  /** `detect` has run a network: what it says is all that this runtime reports of itself. */
  readonly detectsByRunning?: true;
  /** Words and contents of its own program: changes where somebody changes that. Absent: its version says it. */
  programIdentity?(): string;
  detect(): Promise<Detection>;
  /** @throws DomainError `program-missing`, `program-failed`, `program-timeout`, `program-output`, `cancelled` */
  measure(request: MeasureRequest): Promise<MeasuredLatency>;
  /** How the time of a run is divided among its kernels, from a few runs of their own under the runtime's profiler,
   * which slows them. Absent: it has none that says so. @throws as `measure` */
  kernelTimes?(request: MeasureRequest): Promise<KernelTimes>;
}

/** Samples of one process, in order of time → a result, judged by the same interval as in the measuring process. */
export function fromSamples(samplesMs: readonly number[], tolerance: number): MeasuredLatency {
  const width = relativeHalfWidth(samplesMs);
  return {
    latency: summariseLatency(samplesMs),
    runs: samplesMs.length,
    stable: width !== undefined && width <= tolerance,
    samplesMs,
    rows: [],
    countedRuns: 0,
    version: null,
  };
}

/** Medians of several processes that give no samples → their median, judged by the spread between processes. */
export function fromMedians(mediansMs: readonly number[], runs: number | null, tolerance: number): MeasuredLatency {
  const count = mediansMs.length;
  const mean = mediansMs.reduce((sum, ms) => sum + ms, 0) / count;
  const variance = mediansMs.reduce((sum, ms) => sum + (ms - mean) ** 2, 0) / Math.max(1, count - 1);
  const width = (studentT975(count - 1) * Math.sqrt(variance / count)) / mean;
  return {
    latency: { medianMs: median(mediansMs), trimmedMeanMs: null, spreadMs: null },
    runs,
    stable: count > 1 && width <= tolerance,
    rows: [],
    countedRuns: 0,
    version: null,
  };
}
