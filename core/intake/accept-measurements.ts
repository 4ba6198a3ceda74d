// Which measurements of a profile are used. Each is judged alone, so that a bad one costs only itself.

import type * as z from 'zod';
import { type ModelMeasurement, noSuchWorkload, type ProfileMeasurement } from '#core/dataset/profile.ts';
import type { ReadEnvelope } from '#core/dataset/read-profile.ts';
import { DomainError } from '#core/errors.ts';
import { graphHash } from '#core/graph/graph-hash.ts';
import { parseOperatorGraph } from '#core/graph/graph-json.ts';
import { searchSpace } from '#core/search-space/registry.ts';
import type { SearchSpace } from '#core/search-space/search-space.ts';
import { summariseLatency } from '#core/statistics/latency-summary.ts';
import type { ExclusionCode } from './reasons.ts';

export interface ExcludedMeasurement {
  /** Position in the profile's measurements, from 0, counted on in its models. */
  readonly index: number;
  readonly code: ExclusionCode;
  readonly message: string;
}

/** Inclusive bounds. A tenth of a microsecond is below any network, ten minutes above what anybody waits for. */
export const plausibleRangeMs = { low: 1e-4, high: 600_000 } as const;

/** Largest interquartile range, beyond one step of the clock and relative to the median, that is still a latency. */
export const maxRelativeSpread = 0.25;

/** Mean and median of a settled measurement do not differ by more than this factor. */
const maxMeanToMedian = 1.5;

/** How far the samples' own median may be from the given one, relatively: samples may be thinned. */
const sampleTolerance = 0.05;

/** Whether a latency lies in the range that the acceptance rules allow, bounds included. */
export const plausibleLatencyMs = (latencyMs: number): boolean =>
  latencyMs >= plausibleRangeMs.low && latencyMs <= plausibleRangeMs.high;

export interface AcceptedModel extends ModelMeasurement {
  /** Hash of the graph (graph-hash.ts). */
  readonly id: string;
}

/** Accepted ones keep their order. */
export function acceptMeasurements({ envelope, measurement, model }: ReadEnvelope): {
  readonly accepted: ProfileMeasurement[];
  readonly models: AcceptedModel[];
  readonly excluded: ExcludedMeasurement[];
} {
  const court: Court = {
    schema: measurement,
    spaces: envelope.workloads.map((workload) => searchSpace(workload.searchSpace)),
    clockStepMs: (envelope.context.clock.resolutionNs ?? 0) / 1e6,
    firstIndex: new Map(),
  };
  const accepted: ProfileMeasurement[] = [];
  const excluded: ExcludedMeasurement[] = [];
  envelope.measurements.forEach((value, index) => {
    const judged = judge(value, index, court);
    if ('code' in judged) excluded.push(judged);
    else accepted.push(judged);
  });
  const models: AcceptedModel[] = [];
  envelope.models?.forEach((value, at) => {
    const judged = judgeModel(value, at, { ...court, schema: model });
    if (!('code' in judged)) models.push(judged);
    else {
      const { code, message } = judged;
      excluded.push({ index: envelope.measurements.length + at, code, message: `models/${at}: ${message}` });
    }
  });
  return { accepted, models, excluded };
}

/** What a measurement is judged by. */
interface Court {
  readonly schema: ReadEnvelope['measurement'];
  /** One for each workload of the profile. */
  readonly spaces: readonly SearchSpace[];
  /** Resolution of the clock that they were taken with; 0 where it is not known. */
  readonly clockStepMs: number;
  /** Where each network stands first. */
  readonly firstIndex: Map<string, number>;
}

function judge(value: unknown, index: number, court: Court): ProfileMeasurement | ExcludedMeasurement {
  const { schema, spaces, clockStepMs, firstIndex } = court;
  const excluded = (code: ExclusionCode, message: string): ExcludedMeasurement => ({ index, code, message });
  const measurement = readMeasured(value, schema);
  if (Array.isArray(measurement)) return excluded(...measurement);
  const space = spaces[measurement.workload];
  if (space === undefined) {
    return excluded('measurement-invalid', noSuchWorkload(measurement.workload, spaces.length));
  }
  const architecture = canonicalArchitecture(space, measurement.architecture);
  if (architecture instanceof DomainError) return excluded('architecture-invalid', architecture.message.slice(0, 300));
  const network = `${measurement.workload} ${architecture}`;
  const first = firstIndex.get(network);
  if (first !== undefined) return excluded('architecture-duplicate', `the same architecture as measurement ${first}`);
  firstIndex.set(network, index);
  const unstable = instability(measurement, clockStepMs);
  if (unstable !== undefined) return excluded(...unstable);
  return { ...measurement, architecture };
}

function judgeModel(
  value: unknown,
  index: number,
  { schema, clockStepMs, firstIndex }: Pick<Court, 'clockStepMs' | 'firstIndex'> & Pick<ModelCourt, 'schema'>,
): AcceptedModel | ExcludedMeasurement {
  const excluded = (code: ExclusionCode, message: string): ExcludedMeasurement => ({ index, code, message });
  const measured = readMeasured(value, schema);
  if (Array.isArray(measured)) return excluded(...measured);
  const fault = graphFault(measured.graph);
  if (fault !== undefined) return excluded('model-invalid', fault);
  const id = graphHash(measured.graph);
  const first = firstIndex.get(id);
  if (first !== undefined) return excluded('model-duplicate', `the same operator graph as model ${first}`);
  firstIndex.set(id, index);
  const unstable = instability(measured, clockStepMs);
  return unstable === undefined ? { ...measured, id } : excluded(...unstable);
}

interface ModelCourt {
  readonly schema: ReadEnvelope['model'];
}

/** What the schema alone does not say of a graph. */
function graphFault(graph: ModelMeasurement['graph']): string | undefined {
  try {
    parseOperatorGraph(graph);
    return undefined;
  } catch (error) {
    if (error instanceof DomainError) return error.message.slice(0, 300);
    throw error;
  }
}

/** A measurement with a plausible latency, or the reason why it is none. */
function readMeasured<T extends Pick<ProfileMeasurement, 'latency'>>(
  value: unknown,
  schema: z.ZodType<T>,
): T | [ExclusionCode, string] {
  const wrong = latencyFault(value);
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    if (wrong !== undefined) return wrong;
    const [issue] = parsed.error.issues;
    const path = issue!.path.map(String).join('/').slice(0, 80);
    return ['measurement-invalid', `${path === '' ? '' : `${path}: `}${issue!.message.slice(0, 200)}`];
  }
  const { medianMs } = parsed.data.latency;
  if (plausibleLatencyMs(medianMs)) return parsed.data;
  const allowed = `allowed: ${plausibleRangeMs.low} to ${plausibleRangeMs.high} ms`;
  return ['latency-implausible', `latency/medianMs is ${medianMs}; ${allowed}`];
}

/** Faults of the median that have a code of their own; JSON writes NaN and infinity as null. */
function latencyFault(value: unknown): [ExclusionCode, string] | undefined {
  const medianMs = (value as { latency?: { medianMs?: unknown } } | null | undefined)?.latency?.medianMs;
  if (medianMs === null || (typeof medianMs === 'number' && !Number.isFinite(medianMs))) {
    return ['latency-not-finite', `latency/medianMs is ${medianMs}; a finite number of ms is needed`];
  }
  if (typeof medianMs === 'number' && medianMs <= 0) {
    return ['latency-not-positive', `latency/medianMs is ${medianMs}; a number above 0 is needed`];
  }
  return undefined;
}

function canonicalArchitecture(space: SearchSpace, text: string): string | DomainError {
  try {
    return space.format(space.parse(text));
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
}

function instability(
  { latency, stable, samplesMs }: Pick<ProfileMeasurement, 'latency' | 'stable' | 'samplesMs'>,
  clockStepMs: number,
): [ExclusionCode, string] | undefined {
  const own = samplesMs === undefined ? undefined : summariseLatency(samplesMs);
  if (own !== undefined) {
    const tolerance = Math.max(sampleTolerance * latency.medianMs, own.spreadMs, clockStepMs);
    if (Math.abs(own.medianMs - latency.medianMs) > tolerance) {
      return ['samples-disagree', `latency/medianMs is ${latency.medianMs}; the samples' median is ${own.medianMs}`];
    }
  }
  if (stable === false) return ['measurement-unstable', 'stable is false: the measurement never settled'];
  const spreadMs = Math.max(latency.spreadMs ?? 0, own?.spreadMs ?? 0);
  if (spreadMs - clockStepMs > maxRelativeSpread * latency.medianMs) {
    const allowed = `allowed: ${maxRelativeSpread} of the median beyond one step of the clock`;
    return ['measurement-unstable', `the spread is ${spreadMs} ms at a median of ${latency.medianMs} ms; ${allowed}`];
  }
  const meanMs = latency.trimmedMeanMs ?? latency.medianMs;
  const off = Math.abs(meanMs - latency.medianMs) > clockStepMs;
  if (off && (meanMs > maxMeanToMedian * latency.medianMs || latency.medianMs > maxMeanToMedian * meanMs)) {
    const allowed = `allowed: a factor of ${maxMeanToMedian}`;
    return ['measurement-unstable', `the trimmed mean is ${meanMs} ms, the median ${latency.medianMs} ms; ${allowed}`];
  }
  return undefined;
}
