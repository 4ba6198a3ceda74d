// The plain data that the predictor takes and gives. Units: latencies in ms; lnMean is a natural logarithm of a
// dimensionless relative latency (the scale of a target is part of its adaptation).
import type { Architecture, SearchSpaceId } from '#core/search-space/search-space.ts';

export interface Measured {
  readonly architecture: Architecture;
  readonly latencyMs: number;
}

/** What predictor.onnx gives for n architectures. H heads, P features a head. */
export interface Forward {
  readonly count: number;
  /** [n × H] row-major. */
  readonly lnMean: Float32Array;
  /** [n × H × P] row-major. */
  readonly phi: Float32Array;
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
  readonly searchSpace: SearchSpaceId;
  readonly version: string;
  /** SHA-256 over predictor.onnx and predictor.json, hex. */
  readonly hash: string;
}
