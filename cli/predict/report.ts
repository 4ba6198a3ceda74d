// What `sugarbush predict` answers: the schema of its --json, which is stable (schemaVersion), and what fills it.
import * as z from 'zod';
import { graphHash } from '#core/graph/graph-hash.ts';
import { kernelKinds } from '#core/graph/kernel.ts';
import { loweringIds } from '#core/graph/lowerings.ts';
import { elementTypes, type OperatorGraph } from '#core/graph/operator-graph.ts';
import type { Adaptation } from '#core/predictor/adaptation/adaptation.ts';
import { isCompute } from '#core/predictor/kernels/kernel-features.ts';
import {
  costsByKind,
  costsByPlace,
  toldDigits as digits,
  type PlaceCost,
} from '#core/predictor/whole-networks/costs.ts';
import type { PricedNetwork } from '#core/predictor/whole-networks/launched-network.ts';
import { mostUnknown, type NetworkPrediction } from '#core/predictor/whole-networks/predict-network.ts';
import { significant } from '#core/text/significant.ts';
import type { ShippedTarget } from '../shipped-targets/targets-file.ts';
import type { Model } from './read-model.ts';

const positive = z.number().positive();
const share = z.number().min(0).max(1);
const costs = {
  ms: z.number().nonnegative(),
  share,
  /** With --explain, the part's own interval at the same confidence, as if everything were known; and its share of the
   * variance of ln latency, signed: those of the parts sum to 1. */
  lowMs: z.number().nonnegative().exactOptional(),
  highMs: z.number().nonnegative().exactOptional(),
  varianceShare: z.number().exactOptional(),
};

const modelSchema = z.strictObject({
  file: z.string(),
  name: z.string(),
  /** SHA-256 of what it computes: names and order do not count. */
  hash: z.string(),
  /** Images at once. */
  batch: z.int().positive(),
  inputs: z.array(z.strictObject({ name: z.string(), type: z.enum(elementTypes), shape: z.array(z.int()) })),
  operators: z.int().nonnegative(),
  /** Multiply-accumulates of convolutions and matrix products in one inference of the batch. */
  macs: z.number().nonnegative(),
});
export type ReportedModel = z.infer<typeof modelSchema>;

const predictionSchema = z.strictObject({
  file: z.string(),
  target: z.string(),
  title: z.string(),
  latencyMs: positive,
  /** The central interval of mass `confidence`, wider where something is unknown. */
  lowMs: z.number().nonnegative(),
  highMs: positive,
  trust: z.enum(['trusted', 'measure-first', 'out-of-domain']),
  trustReason: z.string(),
  /** With a budget: whether the whole interval is within it, a part, or nothing. */
  fits: z.enum(['yes', 'maybe', 'no']).optional(),
  /** How the runtime was taken to launch the operators: the likeliest of the predictor's lowerings. */
  lowering: z.enum(loweringIds),
  /** By kind of kernel, the dearest first; `run` is what an inference costs beside its kernels. The milliseconds sum to
   * the latency. */
  kinds: z.array(z.strictObject({ kind: z.enum([...kernelKinds, 'run']), launches: z.int().positive(), ...costs })),
  /** With --explain: by place in the network, in order. They sum to the latency too. */
  places: z
    .array(
      z.strictObject({
        name: z.string(),
        /** All operators that run as this one kernel. */
        operators: z.array(z.string()),
        kind: z.enum([...kernelKinds, 'run']),
        ...costs,
      }),
    )
    .optional(),
  /** Share of the time in operators unlike all that was learned from. */
  unknownShare: share,
  unknownOperators: z.array(z.string()),
  /** Share in kinds of kernels that the target was not measured with. */
  unmeasuredShare: share,
  unmeasuredOperators: z.array(z.string()),
  /** What else is to be known. */
  notes: z.array(z.string()),
});
export type ReportedPrediction = z.infer<typeof predictionSchema>;

const comparisonSchema = z.strictObject({
  target: z.string(),
  files: z.tuple([z.string(), z.string()]),
  latencyMs: z.tuple([positive, positive]),
  /** The second over the first. */
  ratio: positive,
  /** Whether the two intervals have nothing in common. */
  apart: z.boolean(),
});

export const reportSchema = z.strictObject({
  schemaVersion: z.literal(1),
  predictor: z.strictObject({ version: z.string(), hash: z.string() }),
  confidence: z.number(),
  budgetMs: positive.optional(),
  models: z.array(modelSchema),
  /** Model by model; of each the fastest target first. */
  predictions: z.array(predictionSchema),
  /** With --compare, in the order of the first model's predictions. */
  comparison: z.array(comparisonSchema).optional(),
});
export type ModelReport = z.infer<typeof reportSchema>;

/** What is told of a model. @param network as it is priced for some target */
export function reportModel({ file, graph, batch }: Model, network: PricedNetwork): ReportedModel {
  const launches = [...network.launches.values()][0] ?? [];
  return {
    file,
    name: graph.name,
    hash: graphHash(graph),
    batch: batch * (graph.inputs[0]?.shape[0] ?? 1),
    inputs: graph.inputs.map(({ name, type, shape }) => ({ name, type, shape: [...shape] })),
    operators: graph.nodes.length,
    macs: launches
      .map(({ kernel }) => network.kernels[kernel]!)
      .reduce((sum, kernel) => sum + (isCompute(kernel) ? kernel.macs * batch : 0), 0),
  };
}

export interface ReportOptions {
  readonly budgetMs: number | undefined;
  readonly explain: boolean;
}

/** What is told of one model on one target. */
export function reportPrediction(
  { file, graph }: Model,
  target: ShippedTarget,
  network: PricedNetwork,
  predicted: NetworkPrediction,
  { budgetMs, explain }: ReportOptions,
  adaptation: Adaptation,
): ReportedPrediction {
  const { latencyMs, lowMs, highMs } = predicted;
  const explained = explain ? adaptation : undefined;
  return {
    file,
    target: target.id,
    title: target.title,
    latencyMs: significant(latencyMs, digits),
    lowMs: significant(lowMs, digits),
    highMs: significant(highMs, digits),
    trust: predicted.trust,
    trustReason: predicted.trustReason,
    ...(budgetMs !== undefined && { fits: fits(lowMs, highMs, budgetMs) }),
    lowering: predicted.lowering,
    kinds: costsByKind(network, predicted, explained),
    ...(explained && { places: placesOf(graph, costsByPlace(graph, network, predicted, explained)) }),
    unknownShare: significant(predicted.unknownShare, digits),
    unknownOperators: [...predicted.unknownOperators],
    unmeasuredShare: significant(predicted.unmeasuredShare, digits),
    unmeasuredOperators: [...predicted.unmeasuredOperators],
    notes: notesOf(predicted),
  };
}

/** Whether the whole interval is within a budget, a part of it, or nothing. */
export const fits = (lowMs: number, highMs: number, budgetMs: number): 'yes' | 'maybe' | 'no' =>
  highMs <= budgetMs ? 'yes' : lowMs <= budgetMs ? 'maybe' : 'no';

/** The name of a place: that of the node whose operator the kernel is, else of what it makes. */
export function placesOf(graph: OperatorGraph, costs: readonly PlaceCost[]): NonNullable<ReportedPrediction['places']> {
  return costs.map(({ operators, nodes, ...cost }) => {
    const main = graph.nodes[nodes[0] ?? -1];
    const name = main?.name || main?.outputs.find((output) => output !== '') || operators[0]!;
    return { name, operators, ...cost };
  });
}

type Unknowns = Pick<
  NetworkPrediction,
  'trust' | 'unknownShare' | 'unknownOperators' | 'unmeasuredShare' | 'unmeasuredOperators' | 'lacksInt8'
>;

/** Shares below are not worth a word. */
const leastTold = 0.02;

/** What else is to be known of a prediction, in words. */
export function notesOf(predicted: Unknowns): string[] {
  const { trust, unknownShare, unknownOperators, unmeasuredShare, unmeasuredOperators, lacksInt8 } = predicted;
  const percent = (x: number): string => `${Math.round(100 * x)} %`;
  const notes: string[] = [];
  if (unknownShare > 0) {
    notes.push(
      `the interval is wider by ${percent(unknownShare)}: nothing known is like ${unknownOperators.join(', ')}`,
    );
  }
  // With more the reason of the trust says it.
  if (unmeasuredShare > leastTold && (trust === 'trusted' || unmeasuredShare <= mostUnknown)) {
    notes.push(
      `never measured on this target, ${percent(unmeasuredShare)} of the time: ${unmeasuredOperators.join(', ')}`,
    );
  }
  if (lacksInt8) notes.push('the model has int8 operators, and the target no int8 measurements');
  return notes;
}

/** The second model against the first, target by target. */
export function compareModels(predictions: readonly ReportedPrediction[], files: readonly [string, string]) {
  const [first, second] = files.map((file) => predictions.filter((own) => own.file === file));
  return first!.map((a) => {
    const b = second!.find(({ target }) => target === a.target)!;
    return {
      target: a.target,
      files: [...files] as [string, string],
      latencyMs: [a.latencyMs, b.latencyMs] as [number, number],
      ratio: significant(b.latencyMs / a.latencyMs, digits),
      apart: a.highMs < b.lowMs || b.highMs < a.lowMs,
    };
  });
}
