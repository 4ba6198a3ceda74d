// Meta-training of the predictor: steps of episodes → evidence loss → AdamW, forward and backward inside one Scan.
// Blocks its thread while ONNX Runtime runs a step: run it in a worker thread. Same input and seed, same bytes; a fit
// stopped between steps and resumed from its checkpoint gives them too.
import { createHash } from 'node:crypto';
import { DomainError } from '#core/errors.ts';
import { type AdamWSettings, oneCycle, stepScalars } from '#core/onnx/adamw.ts';
import { cast, gemm, multiply } from '#core/onnx/operators.ts';
import { parameterView } from '#core/onnx/parameters.ts';
import { createTrainer, initialState, type Trainer, type TrainerState } from '#core/onnx/trainer.ts';
import { loadPredictor, type PredictorBundle, sha256 } from '#core/predictor/bundle.ts';
import { featureDimension, headsOf, netCount, noiseLevels } from '#core/predictor/hypotheses.ts';
import { kernelClassNames } from '#core/predictor/kernels/kernel-classes.ts';
import { kernelFeatureNames, kernelFeatures } from '#core/predictor/kernels/kernel-features.ts';
import { kernelKey } from '#core/predictor/kernels/kernel-table.ts';
import { encodeParameters, featureSchemaId } from '#core/predictor/predictor-parameters.ts';
import { seededRandom } from '#core/random.ts';
import { allowedLatency, isLatencyMs } from '#core/statistics/latency-range.ts';
import {
  apartWeight,
  drawStep,
  type EpisodeData,
  type StepArrays,
  type StepSize,
  type TrainingGroup,
} from './episodes.ts';
import { stepLoss } from './evidence-graph.ts';
import { learnCentres } from './learn-centres.ts';
import {
  encodePriceNetwork,
  fastFactor,
  initialParameters,
  kernelPrices,
  type PriceLayout,
  priceLayout,
  standardisationOf,
} from './price-network.ts';

export interface FitOptions {
  readonly data: EpisodeData;
  readonly seed: number;
  readonly steps?: number;
  /** Checked before every step. */
  readonly signal?: AbortSignal;
  /** Called, and waited for, after every `stepsPerReport` steps; what it throws ends the fit. */
  readonly onProgress?: (progress: FitProgress) => unknown;
  /** Told of every step that is done, with its loss. */
  readonly onStep?: (step: number, loss: number) => void;
  readonly stepsPerReport?: number;
  /** Goes on from a checkpoint of a fit with the same options. */
  readonly resume?: FitCheckpoint;
}

export interface FitProgress {
  readonly step: number;
  readonly steps: number;
  /** Mean loss of the steps since the last report. */
  readonly loss: number;
  readonly checkpoint: FitCheckpoint;
}

/** Everything a fit needs to go on: a step is drawn from a seed of its own. */
export interface FitCheckpoint {
  readonly step: number;
  readonly loss: number;
  readonly state: TrainerState;
}

const networks = 64;
const devices = 24;
/** Steps differ in how many kernels their networks have. Search spaces have few, and are looked at under all lowerings;
 * other networks under three at a time. */
const stepSizes = (lowerings: number): StepSize[] => [
  { kernels: 192, networks, devices, lowerings },
  { kernels: 768, networks, devices, lowerings },
  { kernels: 2304, networks, devices, lowerings: Math.min(lowerings, 3) },
];
const peakLearningRate = 3e-3;
const optimizer: AdamWSettings = { beta2: 0.999, epsilon: 1e-8, weightDecay: 0, maximumGradientNorm: 1 };
const defaultSteps = 1000;
const defaultStepsPerReport = 50;
const fewestNetworks = 12;

/** @throws DomainError `cancelled` when the signal aborts; `too-few-measurements` for a group with fewer than 12
 * networks; `invalid-request` for what is neither NaN nor a latency (latency-range.ts); `training-failed` when the
 * loss is not a number any more. */
export async function fitKernelPredictor(options: FitOptions): Promise<PredictorBundle> {
  const { data, seed, steps = defaultSteps, stepsPerReport = defaultStepsPerReport } = options;
  for (const group of data.groups) checkGroup(group);
  const features = Float32Array.from(data.kernels.flatMap((kernel) => kernelFeatures(kernel)));
  const standardisation = standardisationOf(features);
  const layout = priceLayout(headsOf(data.lowerings).length);
  const trainers = trainersFor(layout);
  const sizes = stepSizes(data.lowerings.length);
  let state = options.resume?.state ?? initialState(initialParameters(layout, seededRandom(seed)));
  let loss = options.resume?.loss ?? Number.NaN;
  const losses: number[] = [];
  try {
    for (let step = options.resume?.step ?? 0; step < steps; step++) {
      if (options.signal?.aborted) {
        throw new DomainError('cancelled', `the fit was stopped at step ${step} of ${steps}`);
      }
      const { size, arrays } = drawStep(seededRandom(stepSeed(seed, step)), data, standardisation, sizes);
      const trainer = await trainers.of(size);
      const scalars = stepScalars(optimizer, step + 1, oneCycle(step, steps, peakLearningRate));
      const [own] = await trainer.run(1, scalars, { ...arrays }, state);
      state = trainer.state();
      losses.push(own!);
      if (!Number.isFinite(own)) {
        throw new DomainError('training-failed', `the loss is ${own} after step ${step + 1} of ${steps}`);
      }
      options.onStep?.(step + 1, own!);
      if ((step + 1) % stepsPerReport !== 0 && step + 1 < steps) continue;
      loss = losses.reduce((a, b) => a + b, 0) / losses.length;
      losses.length = 0;
      await options.onProgress?.({ step: step + 1, steps, loss, checkpoint: { step: step + 1, loss, state } });
    }
  } finally {
    await trainers.close();
  }
  const onnx = encodePriceNetwork(layout, state.parameters, standardisation);
  const json = encodeParameters({
    format: 'sugarbush-predictor',
    formatVersion: 2,
    features: { count: kernelFeatureNames.length, schemaId: featureSchemaId },
    network: { sha256: sha256(onnx) },
    normalisation: { mean: [...standardisation.mean], deviation: [...standardisation.deviation] },
    lowerings: [...data.lowerings],
    featureDimension,
    noiseLevels: [...noiseLevels],
    logPriors: logPriorsOf(layout, state.parameters),
    lineage: {
      seed,
      steps,
      groups: data.groups.map((group) => ({
        id: group.id,
        networks: group.networks.length,
        targets: group.targets.map(({ id, latencyMs }) => ({
          id,
          measurements: latencyMs.filter((value) => !Number.isNaN(value)).length,
        })),
      })),
      dataHash: dataHash(data),
      finalLoss: loss,
    },
  });
  return withCentres({ onnx, json }, data);
}

async function withCentres(bundle: PredictorBundle, data: EpisodeData): Promise<PredictorBundle> {
  const predictor = await loadPredictor(bundle);
  try {
    const centres = await learnCentres(predictor, data);
    return { ...bundle, json: encodeParameters({ ...predictor.parameters, centres }) };
  } finally {
    await predictor.close();
  }
}

type StepTrainer = Trainer<keyof StepArrays>;

/** One compiled step for each size, made when it is first needed. */
function trainersFor(layout: PriceLayout) {
  const made = new Map<StepSize, StepTrainer>();
  const H = layout.shapes.noiseLogits[0]!;
  const make = ({ kernels: U, networks: M, devices: B, lowerings: S }: StepSize): Promise<StepTrainer> => {
    return createTrainer(
      {
        layout,
        optimizer,
        batch: {
          features: [U, kernelFeatureNames.length],
          membership: [U, kernelClassNames.length],
          counts: [S * M, U],
          simulatedCounts: [M, U],
          heads: [S + 1, H],
          lnLatency: [B, M],
          present: [M],
          weights: [S + 1, B],
        },
        loss(parameters, batch) {
          const prices = Array.from({ length: netCount }, (_, net) =>
            kernelPrices(parameters, net, batch.features, batch.membership),
          );
          const { lnLatency, present } = batch;
          const counts = [batch.counts, batch.simulatedCounts];
          const noiseLogits = multiply(gemm(batch.heads, parameters.noiseLogits), fastFactor);
          const step = { counts, lnLatency, present, noiseLogits };
          return cast(stepLoss(prices, step, batch.weights, 1 - apartWeight), 'float32');
        },
      },
      initialState(new Float32Array(layout.count)),
    );
  };
  return {
    async of(size: StepSize): Promise<StepTrainer> {
      const known = made.get(size) ?? (await make(size));
      made.set(size, known);
      return known;
    },
    async close(): Promise<void> {
      for (const trainer of made.values()) await trainer.close();
    },
  };
}

function checkGroup({ id, networks: own, targets }: TrainingGroup): void {
  if (own.length < fewestNetworks) {
    throw new DomainError(
      'too-few-measurements',
      `group '${id}' has ${own.length} networks, at least ${fewestNetworks}`,
    );
  }
  for (const { id: target, latencyMs } of targets) {
    if (latencyMs.length !== own.length) {
      const message = `target '${target}' of '${id}' has ${latencyMs.length} latencies for ${own.length} networks`;
      throw new DomainError('invalid-request', message);
    }
    const bad = latencyMs.findIndex((value) => !isLatencyMs(value) && !Number.isNaN(value));
    if (bad < 0) continue;
    throw new DomainError(
      'invalid-request',
      `target '${target}' of '${id}' has latency ${latencyMs[bad]} ms at row ${bad}: NaN where there is none; ` +
        allowedLatency,
    );
  }
}

/** Every step is drawn from a seed of its own, so that a resumed fit draws the same ones. */
const stepSeed = (seed: number, step: number): number =>
  Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(step + 1, 0x85ebca6b);

/** Heads are equally likely before any measurement; within a head the noise levels as learned. */
function logPriorsOf(layout: PriceLayout, parameters: Float32Array): number[][] {
  const logits = parameterView(layout, parameters, 'noiseLogits');
  const heads = layout.shapes.noiseLogits[0]!;
  return Array.from({ length: heads }, (_, h) => {
    const own = Array.from(
      logits.subarray(h * noiseLevels.length, (h + 1) * noiseLevels.length),
      (logit) => logit * fastFactor,
    );
    const total = Math.log(own.reduce((sum, l) => sum + Math.exp(l), 0));
    return own.map((l) => l - total - Math.log(heads));
  });
}

function dataHash({ kernels, groups }: EpisodeData): string {
  const hash = createHash('sha256');
  const bytes = (array: Float64Array | Int32Array) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  for (const kernel of kernels) hash.update(kernelKey(kernel));
  for (const { id, networks: own, targets } of groups) {
    hash.update(id);
    for (const row of own.flat()) hash.update(bytes(row.kernels)).update(bytes(row.counts));
    for (const target of targets) hash.update(target.id).update(bytes(target.latencyMs));
  }
  return hash.digest('hex');
}
