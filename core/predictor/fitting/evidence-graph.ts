// The training loss as a graph. A step has M networks and B devices that measured all of them; for each head (lowering
// × price network) and noise level σ it takes the log evidence of every device with w integrated out and the scale by
// Laplace's method. core/predictor/posterior.ts states the same equations for one device in plain TypeScript.
//
// The devices of a step share their networks, so that K = φφᵀ + σ²I [M × M] is one matrix a head and noise level,
// whatever their number: with Z = [z₁ … z_B 1] all quadratic forms are entries of ZᵀK⁻¹Z.
import type { Tensor } from '#core/onnx/graph-builder.ts';
import { logDeterminantAndQuadratic } from '#core/onnx/linear-algebra.ts';
import {
  add,
  cast,
  clampMaximum,
  concatenate,
  divide,
  expand,
  exponential,
  gemm,
  logarithm,
  logSumExp,
  matmul,
  matrixTranspose,
  mean,
  multiply,
  negate,
  reshape,
  slice,
  squareRoot,
  stopGradient,
  subtract,
  sum,
  transpose,
} from '#core/onnx/operators.ts';
import { noiseLevels, featureDimension as P } from '#core/predictor/hypotheses.ts';
import type { KernelPrices } from './price-network.ts';

const V = noiseLevels.length;

export interface StepTensors {
  /** For each price network the launches of each kernel [its lowerings · M, U]; rows of absent networks are 0. */
  readonly counts: readonly Tensor[];
  /** ln latency [B, M], anything finite where absent. */
  readonly lnLatency: Tensor;
  /** 1 for a network, 0 for a row that pads [M]. */
  readonly present: Tensor;
  /** Logits of the noise levels of the step's heads [H, levels]. */
  readonly noiseLogits: Tensor;
}

/** ln m [H, M] and φ [H, M, P] of the step's networks under each head, lowerings within nets; 0 where absent. */
export function networkSums(prices: readonly KernelPrices[], counts: readonly Tensor[], present: Tensor) {
  const M = present.shape[0]!;
  const parts = prices.map(({ lnMean, psi }, net) => {
    const own = counts[net]!;
    const L = own.shape[0]! / M;
    const U = lnMean.shape[0]!;
    const centred = subtract(lnMean, reshape(mean(lnMean, [0, 1]), [1, 1]));
    const price = exponential(centred);
    const sums = gemm(own, concatenate([price, multiply(psi, expand(price, [U, P]))], 1));
    const absent = reshape(subtract(1, expand(reshape(present, [1, M]), [L, M])), [L * M, 1]);
    const m = add(slice(sums, 1, 0, 1), absent);
    return {
      lnMean: reshape(logarithm(m), [L, M]),
      phi: reshape(divide(slice(sums, 1, 1, P + 1), m), [L, M, P]),
    };
  });
  return {
    lnMean: concatenate(
      parts.map((p) => p.lnMean),
      0,
    ),
    phi: concatenate(
      parts.map((p) => p.phi),
      0,
    ),
  };
}

/** Negative log evidence a measurement, [H, B], float64. */
export function negativeLogEvidence(
  { lnMean, phi }: { readonly lnMean: Tensor; readonly phi: Tensor },
  { lnLatency, present, noiseLogits }: Omit<StepTensors, 'counts'>,
): Tensor {
  const graph = phi.graph;
  const [H, M] = lnMean.shape as [number, number];
  const B = lnLatency.shape[0]!;
  const R = B + 1;
  const mask = cast(present, 'float64');
  const count = sum(mask, [0]);
  const X = cast(phi, 'float64');
  const ratio = subtract(
    expand(reshape(lnLatency, [1, B, M]), [H, B, M]),
    expand(reshape(lnMean, [H, 1, M]), [H, B, M]),
  );
  const z = transpose(exponential(ratio), [0, 2, 1]);
  const ones = expand(reshape(present, [1, M, 1]), [H, M, 1]);
  const masked = multiply(z, reshape(present, [1, M, 1]));
  const sides = cast(concatenate([masked, ones], 2), 'float64');
  const variances = graph.constant(
    Float64Array.from(noiseLevels, (s) => s * s),
    [V, 1, 1, 1],
  );
  const identity = graph.constant(
    Float64Array.from({ length: M * M }, (_, i) => (i % (M + 1) === 0 ? 1 : 0)),
    [M, M],
  );
  const gram = matmul(X, matrixTranspose(X));
  const kernel = add(reshape(gram, [1, H, M, M]), multiply(identity, variances));
  const { logDeterminant, quadratic } = logDeterminantAndQuadratic(
    reshape(kernel, [V * H, M, M]),
    reshape(expand(reshape(sides, [1, H, M, R]), [V, H, M, R]), [V * H, M, R]),
  );
  const forms = reshape(quadratic, [V, H, R, R]);
  const ownDevice = graph.constant(
    Float64Array.from({ length: B * B }, (_, i) => (i % (B + 1) === 0 ? 1 : 0)),
    [B, B],
  );
  const corner = slice(slice(forms, 2, 0, B), 3, 0, B);
  const a = sum(multiply(corner, ownDevice), [3]);
  const b = reshape(slice(slice(forms, 2, 0, B), 3, B, R), [V, H, B]);
  const c = expand(reshape(slice(slice(forms, 2, B, R), 3, B, R), [V, H, 1]), [V, H, B]);
  // A padding row adds its noise alone to the determinant.
  const padding = subtract(M, count);
  const lnPadding = multiply(logarithm(reshape(variances, [V, 1])), padding);
  const half = multiply(subtract(reshape(logDeterminant, [V, H]), expand(lnPadding, [V, H])), 0.5);
  const jacobian = sum(multiply(cast(lnMean, 'float64'), reshape(mask, [1, M])), [1]);
  const evidence = subtract(
    scaleIntegrated(a, b, c, count),
    expand(reshape(add(half, reshape(jacobian, [1, H])), [V, H, 1]), [V, H, B]),
  );
  const logits = cast(noiseLogits, 'float64');
  const logPrior = subtract(logits, reshape(logSumExp(logits, 1), [H, 1]));
  const joint = add(evidence, expand(reshape(transpose(logPrior, [1, 0]), [V, H, 1]), [V, H, B]));
  return negate(divide(logSumExp(joint, 0), count));
}

/** With u = 1/scale where the terms before ln det K are largest: n ln u − ½ (u²a − 2ub + c) − ½ ln (a u² + n). No
 * gradient flows through u: theirs vanishes there, and that of the curvature is a share of order 1/n. */
function scaleIntegrated(a: Tensor, b: Tensor, c: Tensor, n: Tensor): Tensor {
  const root = squareRoot(add(multiply(b, b), multiply(multiply(a, n), 4)));
  const u = stopGradient(divide(add(b, root), multiply(a, 2)));
  const u2 = multiply(u, u);
  const misfit = add(subtract(multiply(u2, a), multiply(multiply(u, b), 2)), c);
  const curvature = logarithm(add(multiply(a, u2), n));
  return subtract(multiply(n, logarithm(u)), multiply(add(misfit, curvature), 0.5));
}

/** A device's loss is bounded: a device that nothing explains must not dominate a step. */
const worstLoss = 6;

/** Mean over the devices of: `mixture` × (evidence of net 0's heads mixed) + Σ over heads of `weights` [H, B] × each
 * head's own. Scalar, float64. */
export function stepLoss(prices: readonly KernelPrices[], step: StepTensors, weights: Tensor, mixture: number): Tensor {
  const losses = negativeLogEvidence(networkSums(prices, step.counts, step.present), step);
  const B = losses.shape[1]!;
  const L = step.counts[0]!.shape[0]! / step.present.shape[0]!;
  const count = cast(sum(step.present, [0]), 'float64');
  const pool = logSumExp(negate(multiply(slice(losses, 0, 0, L), count)), 0);
  const mixed = clampMaximum(negate(divide(subtract(pool, Math.log(L)), count)), worstLoss);
  const own = sum(multiply(clampMaximum(losses, worstLoss), cast(weights, 'float64')), [0]);
  return mean(add(multiply(mixed, mixture), reshape(own, [B])), [0]);
}
