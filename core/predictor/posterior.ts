// The closed-form posterior of one target under one hypothesis (head, σ), and its evidence.
//
// With X = φ of the k measured architectures [k × P], r = latency / m, z = r (linear head) or ln r (logarithmic head),
// noise σ²D (D diagonal), K = X Xᵀ + σ²D, u = 1/scale:
//   linear:       u = (B + √(B² + 4Ak)) / 2A with A = zᵀK⁻¹z, B = zᵀK⁻¹1, C = 1ᵀK⁻¹1;  w = XᵀK⁻¹(uz − 1)
//                 ln evidence = k ln u − ½(u²A − 2uB + C) − ½ ln det K − ½ ln(Au² + k) − Σ ln m
//   logarithmic:  ln scale = B / C;  w = XᵀK⁻¹(z − B/C)
//                 ln evidence = −½(A − B²/C) − ½ ln det K − ½ ln C − Σ ln latency
// (constants that all hypotheses share are left out). The linear head is solved twice: noise is proportional to latency,
// so the second time D = clip(1 + Xw, .3, 3)² of the first. Everything runs in the P dimensions of w:
// M = I + XᵀD⁻¹X/σ² gives K⁻¹, ln det K and the covariance S = M⁻¹ at a cost linear in k.
import type { HeadKind } from '#core/predictor/hypotheses.ts';
import { cholesky, dot, invertLower, logDeterminantOf, solveCholesky } from '#core/predictor/small-matrix.ts';

export interface SupportRows {
  /** φ of the head [k × P]. */
  readonly phi: Float64Array;
  /** ln m of the head [k]. */
  readonly lnMean: Float64Array;
  /** ln of the measured latency [k]. */
  readonly lnLatency: Float64Array;
}

export interface Posterior {
  readonly lnEvidence: number;
  readonly lnScale: number;
  /** Mean of w [P]. */
  readonly weights: Float64Array;
  /** Covariance of w as a factor: S = FᵀF, F lower triangular [P × P]. */
  readonly factor: Float64Array;
  /** Variance of the scale's own uncertainty: of u for the linear head relative to 1/u², of ln scale for the other. */
  readonly scaleVariance: number;
  /** How much of a unit change of the scale the weights take up: φ·this [P]. */
  readonly scaleResponse: Float64Array;
}

interface Solved {
  readonly lower: Float64Array;
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly halfLogDeterminant: number;
  /** XᵀK⁻¹z and XᵀK⁻¹1. */
  readonly toZ: Float64Array;
  readonly toOne: Float64Array;
}

export function posteriorOf(kind: HeadKind, sigma: number, rows: SupportRows): Posterior {
  const k = rows.lnMean.length;
  const z = rows.lnLatency.map((ln, i) => (kind === 'linear' ? Math.exp(ln - rows.lnMean[i]!) : ln - rows.lnMean[i]!));
  const even = new Float64Array(k).fill(1);
  if (kind === 'logarithmic') return logarithmicPosterior(solve(rows.phi, z, even, sigma), rows);
  const first = solve(rows.phi, z, even, sigma);
  const weights = linearWeights(first, k);
  const P = weights.length;
  const noise = even.map((_, i) => {
    const fitted = 1 + dot(weights, rows.phi.subarray(i * P, (i + 1) * P));
    return Math.min(Math.max(fitted, 0.3), 3) ** 2;
  });
  return linearPosterior(solve(rows.phi, z, noise, sigma), rows);
}

function solve(phi: Float64Array, z: Float64Array, noise: Float64Array, sigma: number): Solved {
  const k = z.length;
  const P = phi.length / k;
  const v = sigma * sigma;
  const precision = new Float64Array(P * P);
  const phiZ = new Float64Array(P);
  const phiOne = new Float64Array(P);
  let zz = 0;
  let zOne = 0;
  let oneOne = 0;
  let logNoise = 0;
  for (let i = 0; i < k; i++) {
    const weight = 1 / (noise[i]! * v);
    const zi = z[i]!;
    zz += zi * zi * weight;
    zOne += zi * weight;
    oneOne += weight;
    logNoise += Math.log(noise[i]! * v);
    const row = i * P;
    for (let p = 0; p < P; p++) {
      const scaled = phi[row + p]! * weight;
      phiZ[p]! += scaled * zi;
      phiOne[p]! += scaled;
      for (let q = 0; q <= p; q++) precision[p * P + q]! += scaled * phi[row + q]!;
    }
  }
  for (let p = 0; p < P; p++) precision[p * P + p]! += 1;
  const lower = cholesky(precision, P);
  const toZ = solveCholesky(lower, P, phiZ);
  const toOne = solveCholesky(lower, P, phiOne);
  return {
    lower,
    a: zz - dot(phiZ, toZ),
    b: zOne - dot(phiZ, toOne),
    c: oneOne - dot(phiOne, toOne),
    halfLogDeterminant: 0.5 * (logDeterminantOf(lower, P) + logNoise),
    toZ,
    toOne,
  };
}

const inverseScale = ({ a, b }: Solved, k: number): number => (b + Math.sqrt(b * b + 4 * a * k)) / (2 * a);

function linearWeights(solved: Solved, k: number): Float64Array {
  const u = inverseScale(solved, k);
  return solved.toZ.map((value, p) => u * value - solved.toOne[p]!);
}

const sumOf = (values: Float64Array): number => values.reduce((a, b) => a + b, 0);

function linearPosterior(solved: Solved, rows: SupportRows): Posterior {
  const k = rows.lnMean.length;
  const { a, b, c } = solved;
  const u = inverseScale(solved, k);
  const curvature = a * u * u + k;
  const misfit = u * u * a - 2 * u * b + c;
  return {
    lnEvidence: k * Math.log(u) - 0.5 * (misfit + Math.log(curvature)) - solved.halfLogDeterminant - sumOf(rows.lnMean),
    lnScale: -Math.log(u),
    weights: linearWeights(solved, k),
    factor: invertLower(solved.lower, solved.toOne.length),
    scaleVariance: 1 / curvature,
    scaleResponse: solved.toOne,
  };
}

function logarithmicPosterior(solved: Solved, rows: SupportRows): Posterior {
  const { a, b, c } = solved;
  const lnScale = b / c;
  return {
    lnEvidence: -0.5 * (a - (b * b) / c + Math.log(c)) - solved.halfLogDeterminant - sumOf(rows.lnLatency),
    lnScale,
    weights: solved.toZ.map((value, p) => value - lnScale * solved.toOne[p]!),
    factor: invertLower(solved.lower, solved.toOne.length),
    scaleVariance: 1 / c,
    scaleResponse: solved.toOne,
  };
}
