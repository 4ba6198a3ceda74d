// The training loss as a graph: for every episode (a device with M measured architectures) the log evidence of each
// hypothesis (head, σ) with w integrated out and the scale by Laplace's method, mixed over σ by learned weights.
// posterior.ts states the same equations for one device in plain TypeScript; a test compares the two.
//
// With Y = [φ | z | 1] (rows: measurements), S = YᵀY, G = φᵀφ, b = φᵀ[z 1], c = [z 1]ᵀ[z 1], v = σ²:
//   K = φφᵀ + vI,   [z 1]ᵀ K⁻¹ [z 1] = (c − bᵀ (I + G/v)⁻¹ b / v) / v,   ln det K = ln det(I + G/v) + n ln v
// so every hypothesis needs only P × P algebra, and everything before it is shared between the noise levels.
import type { GraphBuilder, Tensor } from '#core/onnx/graph-builder.ts';
import { logDeterminantAndQuadratic } from '#core/onnx/linear-algebra.ts';
import {
  add,
  cast,
  clampMaximum,
  concatenate,
  divide,
  expand,
  exponential,
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
import { heads, noiseLevels, featureDimension as P } from '#core/predictor/hypotheses.ts';

export interface EpisodeTensors {
  /** ln m [B · M, 2] and φ [B · M, heads · P] of the episodes' architectures. */
  readonly lnMean: Tensor;
  readonly phi: Tensor;
  /** ln latency [B, M], anything finite where absent. */
  readonly lnLatency: Tensor;
  /** 1 where measured, 0 where absent [B, M]. */
  readonly present: Tensor;
  /** Logits of the noise levels [heads, levels]. */
  readonly noiseLogits: Tensor;
}

const H = heads.length;
const V = noiseLevels.length;

/**
 * Negative log evidence, divided by the number of measurements, of each of B episodes under each head: [heads, B],
 * float64, the noise levels mixed by `noiseLogits` (the equations: this file's header and posterior.ts), constants that
 * all hypotheses share left out.
 */
export function negativeLogEvidence(episodes: EpisodeTensors): Tensor {
  const graph = episodes.phi.graph;
  const [B, M] = episodes.lnLatency.shape as [number, number];
  const N = H * B;
  const present = expand(reshape(episodes.present, [1, B, M]), [H, B, M]);
  const count = cast(sum(present, [2]), 'float64');
  const lnMean = perHead(reshape(episodes.lnMean, [B, M, 2]));
  const phi = transpose(reshape(episodes.phi, [B, M, H, P]), [2, 0, 1, 3]);
  const lnRatio = subtract(expand(reshape(episodes.lnLatency, [1, B, M]), [H, B, M]), lnMean);
  const z = concatenate(
    heads.map(({ kind }, h) => {
      const own = slice(lnRatio, 0, h, h + 1);
      return kind === 'linear' ? exponential(own) : own;
    }),
    0,
  );
  const column = (t: Tensor): Tensor => reshape(multiply(t, present), [N, M, 1]);
  const masked = multiply(phi, reshape(present, [H, B, M, 1]));
  const rows = cast(concatenate([reshape(masked, [N, M, P]), column(z), reshape(present, [N, M, 1])], 2), 'float64');
  const gram = matmul(matrixTranspose(rows), rows);
  const forms = hypothesisForms(graph, gram, N, count);
  const observed = expand(reshape(episodes.lnLatency, [1, B, M]), [H, B, M]);
  const jacobian = concatenate(
    heads.map(({ kind }, h) => {
      const own = slice(kind === 'linear' ? lnMean : observed, 0, h, h + 1);
      return sum(cast(multiply(own, slice(present, 0, h, h + 1)), 'float64'), [2]);
    }),
    0,
  );
  const evidence = concatenate(
    heads.map(({ kind }, h) => {
      const pick = (t: Tensor): Tensor => slice(t, 1, h, h + 1);
      const own = { a: pick(forms.a), b: pick(forms.b), c: pick(forms.c), half: pick(forms.halfLogDeterminant) };
      const n = slice(count, 0, h, h + 1);
      return kind === 'linear' ? linearEvidence(own, n) : logarithmicEvidence(own);
    }),
    1,
  );
  const logits = cast(episodes.noiseLogits, 'float64');
  const logPrior = subtract(logits, reshape(logSumExp(logits, 1), [H, 1]));
  const joint = add(subtract(evidence, reshape(jacobian, [1, H, B])), reshape(transpose(logPrior, [1, 0]), [V, H, 1]));
  return negate(divide(logSumExp(joint, 0), count));
}

/** ln m [B, M, means] → [heads, B, M]. */
function perHead(lnMean: Tensor): Tensor {
  const [B, M] = lnMean.shape as [number, number, number];
  const means = transpose(lnMean, [2, 0, 1]);
  return reshape(
    concatenate(
      heads.map(({ mean: m }) => slice(means, 0, m, m + 1)),
      0,
    ),
    [H, B, M],
  );
}

/** zᵀK⁻¹z, zᵀK⁻¹1, 1ᵀK⁻¹1 and ½ ln det K of every noise level, each [V, H, B]. */
function hypothesisForms(graph: GraphBuilder, gram: Tensor, N: number, count: Tensor) {
  const B = N / H;
  const variances = graph.constant(
    Float64Array.from(noiseLevels, (s) => s * s),
    [V, 1, 1, 1],
  );
  const identity = graph.constant(
    Float64Array.from({ length: P * P }, (_, i) => (i % (P + 1) === 0 ? 1 : 0)),
    [P, P],
  );
  const part = (row: readonly [number, number], col: readonly [number, number]): Tensor =>
    slice(slice(gram, 1, ...row), 2, ...col);
  const features = part([0, P], [0, P]);
  const cross = part([0, P], [P, P + 2]);
  const corner = part([P, P + 2], [P, P + 2]);
  const precision = add(divide(reshape(features, [1, N, P, P]), variances), identity);
  const { logDeterminant, quadratic } = logDeterminantAndQuadratic(
    reshape(precision, [V * N, P, P]),
    reshape(expand(reshape(cross, [1, N, P, 2]), [V, N, P, 2]), [V * N, P, 2]),
  );
  const explained = divide(reshape(quadratic, [V, N, 2, 2]), variances);
  const forms = divide(subtract(reshape(corner, [1, N, 2, 2]), explained), variances);
  const entry = (i: number, j: number): Tensor => reshape(slice(slice(forms, 2, i, i + 1), 3, j, j + 1), [V, H, B]);
  const lnVariances = logarithm(reshape(variances, [V, 1, 1]));
  return {
    a: entry(0, 0),
    b: entry(0, 1),
    c: entry(1, 1),
    halfLogDeterminant: multiply(
      add(reshape(logDeterminant, [V, H, B]), multiply(lnVariances, reshape(count, [1, H, B]))),
      0.5,
    ),
  };
}

interface Forms {
  readonly a: Tensor;
  readonly b: Tensor;
  readonly c: Tensor;
  readonly half: Tensor;
}

/** With u = 1/scale where the terms before ln det K are largest. No gradient flows through u: theirs vanishes there,
 * and that of the curvature, a share of order 1/n, is left out as in the reference: n ln u − ½ (u²a − 2ub + c) − ½ ln
 * det K − ½ ln (a u² + n). */
function linearEvidence({ a, b, c, half }: Forms, n: Tensor): Tensor {
  const root = squareRoot(add(multiply(b, b), multiply(multiply(a, n), 4)));
  const u = stopGradient(divide(add(b, root), multiply(a, 2)));
  const u2 = multiply(u, u);
  const misfit = add(subtract(multiply(u2, a), multiply(multiply(u, b), 2)), c);
  const curvature = logarithm(add(multiply(a, u2), n));
  return subtract(subtract(multiply(n, logarithm(u)), multiply(add(misfit, curvature), 0.5)), half);
}

/** The log scale integrates out exactly: −½ (a − b²/c) − ½ ln det K − ½ ln c. */
function logarithmicEvidence({ a, b, c, half }: Forms): Tensor {
  const misfit = subtract(a, divide(multiply(b, b), c));
  return negate(add(multiply(add(misfit, logarithm(c)), 0.5), half));
}

/** A device's loss is bounded: a device that nothing explains must not dominate a step. */
const worstLoss = 5;

/**
 * The training loss, a float32 scalar: mean over the B episodes of mixture × (evidence of heads 0 and 1 mixed) + (1 −
 * mixture) × (their mean) + ½ × head 2 where the device is simulated (`simulated` [B] is 1), as negative logs a
 * measurement.
 * @param mixture in [0, 1]: whether heads 0 and 1 are scored as one or each for itself
 */
export function episodeLoss(episodes: EpisodeTensors, simulated: Tensor, mixture: number): Tensor {
  const losses = negativeLogEvidence(episodes);
  const bounded = clampMaximum(losses, worstLoss);
  const count = cast(sum(episodes.present, [1]), 'float64');
  const apart = mean(slice(bounded, 0, 0, 2), [0]);
  const mixed = clampMaximum(
    negate(divide(logSumExp(negate(multiply(slice(losses, 0, 0, 2), count)), 0), count)),
    worstLoss,
  );
  const real =
    mixture === 0 ? apart : mixture === 1 ? mixed : add(multiply(mixed, mixture), multiply(apart, 1 - mixture));
  const B = losses.shape[1]!;
  const broad = multiply(reshape(slice(bounded, 0, 2, 3), [B]), multiply(cast(simulated, 'float64'), 0.5));
  return cast(mean(add(real, broad), [0]), 'float32');
}
