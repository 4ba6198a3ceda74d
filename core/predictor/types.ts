// The plain data that the predictor takes and gives. Units: latencies in ms; lnMean is a natural logarithm of a
// dimensionless relative latency (the scale of a target is part of its adaptation).
import type { KernelShares } from '#core/dataset/kernel-times/kernel-shares.ts';
import type { Kernel } from '#core/graph/kernel.ts';
import type { LoweringId } from '#core/graph/lowerings.ts';
import type { OperatorGraph } from '#core/graph/operator-graph.ts';
import type { KeptMoments } from '#core/predictor/adaptation/kept-moments.ts';
import type { NetworkLaunches } from '#core/predictor/kernels/repriced-sums.ts';
import type { Centre, PredictorParameters } from '#core/predictor/predictor-parameters.ts';
import type { Architecture } from '#core/search-space/search-space.ts';
import type { Workload } from '#core/search-space/workload.ts';

/** Networks of one workload. */
export interface NetworkSet {
  readonly workload: Workload;
  readonly architectures: readonly Architecture[];
}

/** A network of no search space. */
export interface IdentifiedGraph {
  /** The graph's hash (graph-hash.ts): what is equal has the same. */
  readonly id: string;
  readonly graph: OperatorGraph;
}

/** Networks of no search space, each at its graph's own batch size. */
export interface GraphSet {
  readonly graphs: readonly IdentifiedGraph[];
}

/** A network of a search space and what it took. */
export interface Measured {
  readonly workload: Workload;
  readonly architecture: Architecture;
  readonly latencyMs: number;
  readonly shares?: KernelShares | undefined;
}

/** An operator graph and what it took. */
export interface MeasuredGraph extends IdentifiedGraph {
  readonly latencyMs: number;
  readonly shares?: KernelShares | undefined;
}

/** What a predictor says of n networks, whatever the target. H heads, P features a head. */
export interface Forward {
  readonly count: number;
  /** [n × H] row-major. */
  readonly lnMean: Float32Array;
  /** [n × H × P] row-major. */
  readonly phi: Float32Array;
  /** Which heads the H are; left out: all of the predictor's. */
  readonly heads?: readonly number[];
  /** What the sums are of [n], under every lowering. Where it is not known, prices are linear in a target's weights. */
  readonly launches?: readonly NetworkLaunches[];
  /** How the time of a run of each was divided on a target [n]; undefined where that was not measured. */
  readonly shares?: readonly (KernelShares | undefined)[];
}

export interface Prediction {
  /** exp of the posterior mean of ln latency, kept inside the interval; one an architecture. */
  readonly latencyMs: Float64Array;
  readonly lowMs: Float64Array;
  readonly highMs: Float64Array;
  /** P(latency ≤ budgetMs); present when a budget was given. */
  readonly withinBudgetProbability?: Float64Array;
}

export interface PredictOptions {
  /** Mass of the central interval, in (0, 1). Default 0.9. */
  readonly confidence?: number;
  readonly budgetMs?: number;
}

export type Trust = 'trusted' | 'measure-first' | 'out-of-domain';

export interface PredictorIdentity {
  /** The first 16 digits of the hash. */
  readonly version: string;
  /** SHA-256 over predictor.onnx and predictor.json, hex. */
  readonly hash: string;
}

/** Prices of kernels in the order asked for, one set a price network. */
export interface PriceTable {
  readonly count: number;
  /** [nets][count]. */
  readonly lnMean: readonly Float32Array[];
  /** [nets][count · P]. */
  readonly psi: readonly Float32Array[];
}

/** A trained predictor that is loaded. */
export interface Predictor {
  readonly identity: PredictorIdentity;
  readonly parameters: PredictorParameters;
  /** Rows in the order of the sets and of the networks in each. One pass serves any number of targets.
   * @param heads the only ones that are wanted; left out: all */
  forward(sets: readonly (NetworkSet | GraphSet)[], heads?: readonly number[]): Promise<Forward>;
  /** What a forward pass and posterior-predictive.ts say of one set on some targets, for who asks again and again: what
   * was once worked out for an adaptation is kept. */
  readonly moments: KeptMoments;
  /** Prices of kernels at `batch` times their own batch size; for networks that are no search space's. */
  prices(kernels: readonly Kernel[], batch?: number): Promise<PriceTable>;
  close(): Promise<void>;
}

/** What adaptation and prediction need to know of a predictor beside a forward pass. */
export interface HeadParameters {
  readonly lowerings: readonly LoweringId[];
  /** P, the dimension of φ and of a target's weights. */
  readonly featureDimension: number;
  /** Relative noise standard deviations. */
  readonly noiseLevels: readonly number[];
  /** ln prior probability of (head, noise level), [heads][levels]. */
  readonly logPriors: readonly (readonly number[])[];
  /** What targets that were learned from are like; left out: nothing is made of them. */
  readonly centres?: readonly Centre[];
}
