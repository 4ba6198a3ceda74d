// How well a target's measurements predict each other: each is predicted from the others, under the same predictor.
// What an adaptation says of its own error is a belief; this is a test of it that needs nothing but the target's own
// data.

import type { Forward, HeadParameters } from '#core/predictor/types.ts';
import { type AdaptOptions, adaptTarget } from './adaptation.ts';
import { predictLatencies } from './posterior-predictive.ts';

/** Up to so many measurements each is left out alone; above, they are left out in so many interleaved groups. */
const mostFolds = 16;

export interface LeaveOneOut {
  /** ln(measured / predicted), one a measurement. */
  readonly lnErrors: Float64Array;
  /** Whether the 90 % interval held the measurement, 0 or 1. */
  readonly covered: Uint8Array;
  /** How far outside that interval it was, in ln latency; 0 inside. */
  readonly beyond: Float64Array;
}

/** @param latencyMs [forward.count], at least 2, finite and positive */
export function leaveOneOut(
  parameters: HeadParameters,
  predictorHash: string,
  forward: Forward,
  latencyMs: Float64Array,
  options: AdaptOptions = {},
): LeaveOneOut {
  const rows = Array.from({ length: forward.count }, (_, i) => i);
  const folds = Math.min(forward.count, mostFolds);
  const lnErrors = new Float64Array(forward.count);
  const covered = new Uint8Array(forward.count);
  const beyond = new Float64Array(forward.count);
  for (let fold = 0; fold < folds; fold++) {
    const outside = rows.filter((i) => i % folds === fold);
    const inside = rows.filter((i) => i % folds !== fold);
    const adaptation = adaptTarget(
      parameters,
      predictorHash,
      forwardRows(forward, inside),
      Float64Array.from(inside, (i) => latencyMs[i]!),
      { ...options, measured: options.measured ?? forward.count },
    );
    const predicted = predictLatencies(adaptation, parameters.lowerings, forwardRows(forward, outside));
    outside.forEach((i, at) => {
      const measured = latencyMs[i]!;
      lnErrors[i] = Math.log(measured / predicted.latencyMs[at]!);
      covered[i] = measured >= predicted.lowMs[at]! && measured <= predicted.highMs[at]! ? 1 : 0;
      beyond[i] = Math.max(0, Math.log(measured / predicted.highMs[at]!), Math.log(predicted.lowMs[at]! / measured));
    });
  }
  return { lnErrors, covered, beyond };
}

/** The rows of a forward pass at `indices`, in that order. */
export function forwardRows(forward: Forward, indices: readonly number[]): Forward {
  const pick = (values: Float32Array): Float32Array => {
    const width = values.length / forward.count;
    const out = new Float32Array(indices.length * width);
    indices.forEach((index, row) => {
      out.set(values.subarray(index * width, (index + 1) * width), row * width);
    });
    return out;
  };
  const { launches, shares } = forward;
  return {
    ...forward,
    count: indices.length,
    lnMean: pick(forward.lnMean),
    phi: pick(forward.phi),
    ...(launches && { launches: indices.map((index) => launches[index]!) }),
    ...(shares && { shares: indices.map((index) => shares[index]) }),
  };
}
