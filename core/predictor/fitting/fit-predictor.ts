// Meta-training of one predictor: episodes → evidence loss → AdamW inside one Scan. Blocks its thread while ONNX
// Runtime runs a call of `stepsPerCall` steps: run it in a worker thread. Same input and seed, same bytes; a fit
// stopped between calls and resumed from its checkpoint gives them too.
import { createHash } from 'node:crypto';
import { DomainError } from '#core/errors.ts';
import { type AdamWSettings, oneCycle, stepScalarCount, stepScalars } from '#core/onnx/adamw.ts';
import { gatherRows } from '#core/onnx/operators.ts';
import { parameterView } from '#core/onnx/parameters.ts';
import { createTrainer, initialState, type TrainerState } from '#core/onnx/trainer.ts';
import { encodeParameters, featureSchemaId, type PredictorBundle, sha256 } from '#core/predictor/bundle.ts';
import { featureDimension, heads, noiseLevels } from '#core/predictor/hypotheses.ts';
import { seededRandom } from '#core/random.ts';
import type { Architecture, SearchSpace } from '#core/search-space/search-space.ts';
import {
  encodeNetwork,
  initialParameters,
  type NetworkLayout,
  networkLayout,
  networkOutputs,
  standardisationOf,
} from './encoder.ts';
import { episodeSource, type TrainingTarget } from './episodes.ts';
import { episodeLoss } from './evidence-graph.ts';

export interface FitOptions {
  readonly space: SearchSpace;
  /** The pool: every target's latencies are in its order. */
  readonly architectures: readonly Architecture[];
  readonly targets: readonly TrainingTarget[];
  readonly seed: number;
  readonly steps?: number;
  readonly stepsPerCall?: number;
  /** How much a device's heads 0 and 1 are scored as a mixture rather than each for itself; default: the search space's
   * `headMixture`. */
  readonly mixture?: number;
  /** Checked between calls. */
  readonly signal?: AbortSignal;
  /** Called, and waited for, after every call of `stepsPerCall` steps; what it throws ends the fit. */
  readonly onProgress?: (progress: FitProgress) => unknown;
  /** Goes on from a checkpoint of a fit with the same options. */
  readonly resume?: FitCheckpoint;
}

export interface FitProgress {
  readonly step: number;
  readonly steps: number;
  /** Mean loss of the last call's steps. */
  readonly loss: number;
  /** Where a later fit may go on. */
  readonly checkpoint: FitCheckpoint;
}

/** Everything a fit needs to go on: episodes are drawn from a seed of their own for every call. */
export interface FitCheckpoint {
  readonly step: number;
  readonly loss: number;
  readonly state: TrainerState;
}

const devicesPerStep = 16;
const measurementsPerDevice = 64;
const peakLearningRate = 3e-3;
const optimizer: AdamWSettings = { beta2: 0.999, epsilon: 1e-8, weightDecay: 0, maximumGradientNorm: 1 };
export const defaultSteps = 800;
export const defaultStepsPerCall = 50;

/**
 * Trains a predictor of one search space on episodes and gives the two files of its bundle. The same tables, seed and
 * steps give the same bytes, also when a fit was stopped between calls and resumed.
 * @throws DomainError `cancelled` when the signal aborts; `too-few-measurements` for a pool smaller than an episode;
 * `invalid-request` for latencies that are neither NaN nor finite and positive; `training-failed` when the loss is not
 * a number any more
 */
export async function fit(options: FitOptions): Promise<PredictorBundle> {
  const { space, architectures, targets, seed, steps = defaultSteps, stepsPerCall = defaultStepsPerCall } = options;
  if (architectures.length < measurementsPerDevice) {
    throw new DomainError(
      'too-few-measurements',
      `a fit needs at least ${measurementsPerDevice} architectures, got ${architectures.length}`,
    );
  }
  for (const target of targets) checkLatencies(target, architectures.length);
  const columns = space.featureNames.length;
  const features = space.encode(architectures);
  const standardisation = standardisationOf(features, columns);
  const standard = features.map(
    (value, i) => (value - standardisation.mean[i % columns]!) / standardisation.deviation[i % columns]!,
  );
  const connected = architectures.map((a) => space.isConnected(a));
  const episodes = episodeSource(targets, connected, space.simulator(architectures));
  const layout = networkLayout(columns);
  const perStep = devicesPerStep * measurementsPerDevice;
  const mixture = options.mixture ?? space.headMixture;
  const trainer = await createTrainer(
    {
      layout,
      optimizer,
      batch: {
        rows: { shape: [perStep], dataType: 'int32' },
        lnLatency: { shape: [devicesPerStep, measurementsPerDevice], dataType: 'float32' },
        present: { shape: [devicesPerStep, measurementsPerDevice], dataType: 'float32' },
        simulated: { shape: [devicesPerStep], dataType: 'float32' },
      },
      data: { features: { shape: [architectures.length, columns], dataType: 'float32' } },
      loss(parameters, batch, data) {
        const outputs = networkOutputs(parameters, gatherRows(data.features, batch.rows));
        const { noiseLogits } = parameters;
        const { lnLatency, present } = batch;
        return episodeLoss({ ...outputs, lnLatency, present, noiseLogits }, batch.simulated, mixture);
      },
    },
    { features: standard },
    options.resume?.state ?? initialState(initialParameters(layout, seededRandom(seed))),
  );
  let loss = options.resume?.loss ?? Number.NaN;
  try {
    for (let step = options.resume?.step ?? 0; step < steps; step += stepsPerCall) {
      if (options.signal?.aborted)
        throw new DomainError('cancelled', `the fit was stopped at step ${step} of ${steps}`);
      const count = Math.min(stepsPerCall, steps - step);
      const random = seededRandom(callSeed(seed, step));
      const drawn = Array.from({ length: count }, () => episodes.draw(random, devicesPerStep, measurementsPerDevice));
      const losses = await trainer.run(count, scalarsOf(step, count, steps), {
        rows: Int32Array.from(drawn.flatMap((b) => [...b.rows])),
        lnLatency: joined(drawn.map((b) => b.lnLatency)),
        present: joined(drawn.map((b) => b.present)),
        simulated: joined(drawn.map((b) => b.simulated)),
      });
      loss = losses.reduce((a, b) => a + b, 0) / count;
      if (!Number.isFinite(loss)) {
        throw new DomainError('training-failed', `the loss is ${loss} after step ${step + count} of ${steps}`);
      }
      const checkpoint = { step: step + count, loss, state: trainer.state() };
      await options.onProgress?.({ step: step + count, steps, loss, checkpoint });
    }
    const parameters = trainer.state().parameters;
    const onnx = encodeNetwork(layout, parameters, standardisation);
    return {
      onnx,
      json: encodeParameters({
        format: 'sugarbush-predictor',
        formatVersion: 1,
        searchSpace: space.id,
        features: { count: columns, schemaId: featureSchemaId(space) },
        network: { sha256: sha256(onnx) },
        normalisation: { mean: [...standardisation.mean], deviation: [...standardisation.deviation] },
        heads: [...heads],
        featureDimension,
        noiseLevels: [...noiseLevels],
        logPriors: logPriorsOf(layout, parameters),
        lineage: {
          seed,
          steps,
          mixture,
          architectures: architectures.length,
          targets: targets.map((t) => ({ id: t.id, measurements: t.latencyMs.filter((v) => !Number.isNaN(v)).length })),
          dataHash: dataHash(architectures, targets),
          finalLoss: loss,
        },
      }),
    };
  } finally {
    await trainer.close();
  }
}

function checkLatencies({ id, latencyMs }: TrainingTarget, count: number): void {
  if (latencyMs.length !== count) {
    throw new DomainError(
      'invalid-request',
      `target '${id}' has ${latencyMs.length} latencies for ${count} architectures`,
    );
  }
  const bad = latencyMs.findIndex((value) => !(value > 0 && value < Number.POSITIVE_INFINITY) && !Number.isNaN(value));
  if (bad >= 0) {
    throw new DomainError(
      'invalid-request',
      `target '${id}' has latency ${latencyMs[bad]} ms at row ${bad}: NaN where there is none, else finite and ` +
        'positive',
    );
  }
}

/** Episodes of a call are drawn from a seed of its own, so that a resumed fit draws the same ones. */
const callSeed = (seed: number, step: number): number =>
  Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(step + 1, 0x85ebca6b);

function scalarsOf(first: number, count: number, steps: number): Float32Array {
  const scalars = new Float32Array(count * stepScalarCount);
  for (let i = 0; i < count; i++) {
    const rate = oneCycle(first + i, steps, peakLearningRate);
    scalars.set(stepScalars(optimizer, first + i + 1, rate), i * stepScalarCount);
  }
  return scalars;
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Heads are equally likely before any measurement; within a head the noise levels as learned. */
function logPriorsOf(layout: NetworkLayout, parameters: Float32Array): number[][] {
  const logits = parameterView(layout, parameters, 'noiseLogits');
  return heads.map((_, h) => {
    const own = [...logits.subarray(h * noiseLevels.length, (h + 1) * noiseLevels.length)];
    const total = Math.log(own.reduce((sum, l) => sum + Math.exp(l), 0));
    return own.map((l) => l - total - Math.log(heads.length));
  });
}

function dataHash(architectures: readonly Architecture[], targets: readonly TrainingTarget[]): string {
  const hash = createHash('sha256');
  for (const architecture of architectures) hash.update(architecture);
  for (const { id, latencyMs } of targets)
    hash.update(id).update(new Uint8Array(latencyMs.buffer, latencyMs.byteOffset, latencyMs.byteLength));
  return hash.digest('hex');
}
