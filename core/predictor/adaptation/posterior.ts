// The closed-form posterior of one target under one hypothesis (head, σ), and its evidence.
//
// With X = φ of the k measured networks [k × P], z = latency / m, noise σ²D (D diagonal), K = X Xᵀ + σ²D, u = 1/scale:
//   u = (B + √(B² + 4Ak)) / 2A with A = zᵀK⁻¹z, B = zᵀK⁻¹1, C = 1ᵀK⁻¹1;  w = XᵀK⁻¹(uz − 1)
//   ln evidence = k ln u − ½(u²A − 2uB + C) − ½ ln det K − ½ ln(Au² + k) − Σ ln m
// (constants that all hypotheses share are left out). It is solved twice: noise is proportional to latency, so the
// second time D = clip(1 + Xw, .3, 3)² of the first.
//
// Few measurements (k < P) are solved in the k dimensions of K. More are solved in the P dimensions of w, where
// M = I + XᵀD⁻¹X/σ² gives K⁻¹ and ln det K by Woodbury's identity at a cost linear in k. Either way the result is
// stated in coordinates t of a query q = φ(a): t = Xq, or t = q. Then φ·w = weights·t, and var(φ·w) = ‖q‖² − ‖Ft‖², or
// ‖Ft‖².
//
// A measurement may be an outlier (a clock glitch, a busy device): with probability `outlierShare` its noise is not σ
// but `outlierDeviation`. Which ones are is decided per hypothesis, worst leave-one-out residual first, as long as
// calling it an outlier raises the evidence by more than the odds against it.
import { cholesky, dot, invertLower, logDeterminantOf, solveCholesky } from '#core/matrix/small-matrix.ts';

export interface SupportRows {
  /** φ of the head [k × P]. */
  readonly phi: Float64Array;
  /** ln m of the head [k]. */
  readonly lnMean: Float64Array;
  /** ln of the measured latency [k]. */
  readonly lnLatency: Float64Array;
  /** Variance of each row's own noise beside σ² [k]; left out: none. */
  readonly ownVariance?: Float64Array;
  /** How many times σ each row's noise is [k]; left out: once. */
  readonly noiseFactor?: Float64Array;
}

/** Variance of the noise of a row at a noise level. */
export const rowVariance = ({ ownVariance, noiseFactor }: SupportRows, sigma: number, row: number): number =>
  (sigma * (noiseFactor?.[row] ?? 1)) ** 2 + (ownVariance?.[row] ?? 0);

export interface Posterior {
  readonly lnEvidence: number;
  readonly lnScale: number;
  /** [r], r = k or P: see above. */
  readonly weights: Float64Array;
  /** F, lower triangular [r × r]. */
  readonly factor: Float64Array;
  /** Relative variance of the scale itself. */
  readonly scaleVariance: number;
  /** How much of a change of the scale the weights take up: response·t [r]. */
  readonly scaleResponse: Float64Array;
  /** Measurements that this hypothesis takes for outliers. */
  readonly outliers: readonly number[];
}

/** Coordinates of the measured networks themselves, and how to solve in them; shared by the hypotheses of a head. */
export interface SupportSystem extends SupportRows {
  readonly coordinates: Float64Array;
  readonly dimension: number;
  /** Whether the coordinates are t = Xq. */
  readonly inMeasurements: boolean;
  /** Which of the P features the coordinates are, where they are features: those that some measured network has. */
  readonly used: readonly number[] | undefined;
  solve(z: Float64Array, noise: Float64Array): Solved;
}

export interface Solved {
  readonly lower: Float64Array;
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly halfLogDeterminant: number;
  readonly toZ: Float64Array;
  readonly toOne: Float64Array;
}

/** Whether k measurements are solved in the coordinates t = Xq. */
const solvesInMeasurements = (k: number, P: number): boolean => k < P;

/** The system of equations of a head's k measured networks: in k coordinates, or where that is less in those of w. */
export function supportSystem(rows: SupportRows): SupportSystem {
  const k = rows.lnMean.length;
  const P = rows.phi.length / k;
  if (!solvesInMeasurements(k, P)) {
    const used = usedFeatures(rows.phi, P);
    const packed = Float64Array.from({ length: k * used.length }, (_, i) => {
      const row = Math.floor(i / used.length);
      return rows.phi[row * P + used[i - row * used.length]!]!;
    });
    const products = productsOf(packed, k);
    return {
      ...rows,
      coordinates: packed,
      dimension: used.length,
      inMeasurements: false,
      used,
      solve: (z, noise) => solveInFeatures(packed, products, z, noise),
    };
  }
  const gram = gramOf(rows.phi, k);
  return {
    ...rows,
    coordinates: gram,
    dimension: k,
    inMeasurements: true,
    used: undefined,
    solve: (z, noise) => solveInMeasurements(gram, z, noise),
  };
}

/** Features that are not 0 in every row. A search space has few of the classes of kernels, and nothing is learned of
 * the others. */
function usedFeatures(phi: Float64Array, P: number): number[] {
  const isUsed = new Uint8Array(P);
  for (let i = 0; i < phi.length; i++) if (phi[i] !== 0) isUsed[i % P] = 1;
  return [...isUsed.keys()].filter((p) => isUsed[p] === 1);
}

/** A posterior of the used features as one of all P: the others stay as they were, w ~ N(0, I). */
export function inAllFeatures(posterior: Posterior, used: readonly number[], P: number): Posterior {
  const n = used.length;
  const spread = (values: Float64Array): Float64Array => {
    const all = new Float64Array(P);
    for (let i = 0; i < n; i++) all[used[i]!] = values[i]!;
    return all;
  };
  const factor = new Float64Array(P * P);
  for (let p = 0; p < P; p++) factor[p * P + p] = 1;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) factor[used[i]! * P + used[j]!] = posterior.factor[i * n + j]!;
  }
  return {
    ...posterior,
    weights: spread(posterior.weights),
    factor,
    scaleResponse: spread(posterior.scaleResponse),
  };
}

/** Share of measurements that are outliers, before any is seen. */
export const defaultOutlierShare = 0.02;
/** Their noise, relative to what they should be or to what they are, whichever is more. */
const outlierDeviation = 0.5;
/** Variance of the noise of measurement i if it is an outlier.
 * @param lnRatio ln latency − ln m of the measurements [k] */
export function outlierVariance(lnRatio: Float64Array): (i: number) => number {
  const center = lnRatio.toSorted()[lnRatio.length >> 1]!;
  return (i) => (outlierDeviation * Math.exp(Math.max(lnRatio[i]! - center, 0))) ** 2;
}
/** At most every fifth measurement: beyond that the target, not the measurement, is unlike the hypothesis. */
const mostOutliers = (k: number): number => Math.floor(k / 5);
/** ln of the factor, and multiples of the median distance, beyond which a measurement is grossly off. */
const grossFactor = Math.log(3);
const grossSpreads = 5;
/** Residuals within so many of their standard deviations are never questioned. */
const suspicion = 2.5;

/** `outlierShare` 0 takes every measurement at its word. `noiseShape`: proportional to the fitted latency, or even, D =
 * I, as the training loss has it. */
export function posteriorOf(
  sigma: number,
  system: SupportSystem,
  outlierShare = defaultOutlierShare,
  noiseShape: 'proportional' | 'even' = 'proportional',
): Posterior {
  const lnOdds = Math.log(outlierShare / (1 - outlierShare));
  const { lnMean, lnLatency, coordinates, dimension } = system;
  const k = lnMean.length;
  const lnRatio = lnLatency.map((ln, i) => ln - lnMean[i]!);
  const z = lnRatio.map(Math.exp);
  const even = Float64Array.from({ length: k }, (_, i) => rowVariance(system, sigma, i));
  const asOutlier = outlierVariance(lnRatio);
  const at = (noise: Float64Array): Candidate => {
    const solved = system.solve(z, noise);
    return { noise, solved, posterior: posteriorFrom(solved, system) };
  };
  const P = system.phi.length / k;
  const inAll = (own: Posterior): Posterior => (system.used ? inAllFeatures(own, system.used, P) : own);
  const first = withoutOutliers(at(even), at, z, system, lnOdds, grossOutliers(lnRatio), asOutlier);
  if (noiseShape === 'even') return inAll(first);
  const proportional = even.map((own, i) => {
    if (first.outliers.includes(i)) return asOutlier(i);
    const fitted = 1 + dot(first.weights, coordinates.subarray(i * dimension, (i + 1) * dimension));
    return own * Math.min(Math.max(fitted, 0.3), 3) ** 2;
  });
  const { posterior } = at(proportional);
  return {
    ...inAll(posterior),
    lnEvidence: posterior.lnEvidence + oddsOf(first.outliers.length, lnOdds),
    outliers: first.outliers,
  };
}

interface Candidate {
  readonly noise: Float64Array;
  readonly solved: Solved;
  readonly posterior: Posterior;
}

function withoutOutliers(
  start: Candidate,
  at: (noise: Float64Array) => Candidate,
  z: Float64Array,
  system: SupportSystem,
  lnOdds: number,
  suspects: readonly number[],
  asOutlier: (i: number) => number,
): Posterior {
  const outliers: number[] = [];
  let current = start;
  if (suspects.length > 0) {
    const without = at(start.noise.map((value, i) => (suspects.includes(i) ? asOutlier(i) : value)));
    const gain = without.posterior.lnEvidence - start.posterior.lnEvidence + oddsOf(suspects.length, lnOdds);
    if (gain > 0) {
      outliers.push(...suspects);
      current = without;
    }
  }
  // One at a time while re-solving is cheap, for one outlier hides another; among many measurements none can, and two
  // rounds find them all.
  const most = mostOutliers(z.length);
  const rounds = system.inMeasurements ? most : 2;
  for (let round = 0; round < rounds && outliers.length < most; round++) {
    const standard = standardResiduals(current, z, system);
    const worst = [...standard.keys()]
      .filter((i) => !outliers.includes(i) && standard[i]! > suspicion)
      .sort((a, b) => standard[b]! - standard[a]!)
      .slice(0, system.inMeasurements ? 1 : most - outliers.length);
    if (worst.length === 0) break;
    const noise = current.noise.slice();
    for (const i of worst) noise[i] = asOutlier(i);
    const next = at(noise);
    const gain = next.posterior.lnEvidence - current.posterior.lnEvidence + oddsOf(worst.length, lnOdds);
    if (!(gain > 0)) break;
    outliers.push(...worst);
    current = next;
  }
  const lnEvidence = current.posterior.lnEvidence + oddsOf(outliers.length, lnOdds);
  return { ...current.posterior, lnEvidence, outliers };
}

/** Measurements whose ratio to the head's mean is off by a factor of three and by far more than the others are from
 * each other. In a fit to latencies one that is ten times too long would draw all others with it before any residual
 * shows. */
export function grossOutliers(lnRatio: Float64Array): number[] {
  const k = lnRatio.length;
  const middle = (values: Float64Array): number => values.toSorted()[k >> 1]!;
  const center = middle(lnRatio);
  const off = lnRatio.map((value) => Math.abs(value - center));
  const spread = middle(off);
  const found = [...off.keys()].filter((i) => off[i]! > grossFactor && off[i]! > grossSpreads * spread);
  return found.length <= mostOutliers(k) ? found : [];
}

/** ln odds of n outliers at `lnOdds` each; no outliers have none even where outliers are impossible (odds −∞). */
export const oddsOf = (n: number, lnOdds: number): number => (n === 0 ? 0 : n * lnOdds);

/** |leave-one-out residual| over its standard deviation: with t the scaled observations, (K⁻¹t)ᵢ / √(K⁻¹)ᵢᵢ. */
function standardResiduals(
  { noise, posterior }: Candidate,
  z: Float64Array,
  { coordinates, lnMean, dimension, inMeasurements }: SupportSystem,
): Float64Array {
  const k = lnMean.length;
  const { weights, factor, lnScale } = posterior;
  const u = Math.exp(-lnScale);
  if (inMeasurements) {
    return weights.map((value, i) => {
      let diagonal = 0;
      for (let j = i; j < k; j++) diagonal += factor[j * k + i]! ** 2;
      return Math.abs(value) / Math.sqrt(diagonal);
    });
  }
  return z.map((zi, i) => {
    const row = coordinates.subarray(i * dimension, (i + 1) * dimension);
    const observed = u * zi - 1;
    let explained = 0;
    for (let r = 0; r < dimension; r++) {
      let component = 0;
      for (let c = 0; c <= r; c++) component += factor[r * dimension + c]! * row[c]!;
      explained += component * component;
    }
    const v = noise[i]!;
    const diagonal = 1 / v - explained / (v * v);
    return Math.abs((observed - dot(weights, row)) / v) / Math.sqrt(Math.max(diagonal, 1e-12));
  });
}

/** X Xᵀ [k × k]. */
function gramOf(phi: Float64Array, k: number): Float64Array {
  const P = phi.length / k;
  const gram = new Float64Array(k * k);
  for (let i = 0; i < k; i++) {
    const row = phi.subarray(i * P, (i + 1) * P);
    for (let j = 0; j <= i; j++) {
      const value = dot(row, phi.subarray(j * P, (j + 1) * P));
      gram[i * k + j] = value;
      gram[j * k + i] = value;
    }
  }
  return gram;
}

function solveInMeasurements(gram: Float64Array, z: Float64Array, noise: Float64Array): Solved {
  const k = z.length;
  const kernel = gram.slice();
  for (let i = 0; i < k; i++) kernel[i * k + i]! += noise[i]!;
  const lower = cholesky(kernel, k);
  const one = new Float64Array(k).fill(1);
  const toZ = solveCholesky(lower, k, z);
  const toOne = solveCholesky(lower, k, one);
  return {
    lower,
    a: dot(z, toZ),
    b: dot(one, toZ),
    c: dot(one, toOne),
    halfLogDeterminant: 0.5 * logDeterminantOf(lower, k),
    toZ,
    toOne,
  };
}

/** XᵀX [P × P], its lower triangle. */
function productsOf(phi: Float64Array, k: number): Float64Array {
  const P = phi.length / k;
  const products = new Float64Array(P * P);
  for (let i = 0; i < k; i++) addProduct(products, phi.subarray(i * P, (i + 1) * P), 1);
  return products;
}

/** Adds `weight` · row rowᵀ to a lower triangle. */
function addProduct(triangle: Float64Array, row: Float64Array, weight: number): void {
  const P = row.length;
  for (let p = 0; p < P; p++) {
    const scaled = row[p]! * weight;
    if (scaled === 0) continue;
    for (let q = 0, at = p * P; q <= p; q++, at++) triangle[at]! += scaled * row[q]!;
  }
}

/** I + XᵀD⁻¹X [P × P], its lower triangle. Where nearly all rows have one noise, as before any is fitted, XᵀX serves
 * for those. */
function precisionOf(phi: Float64Array, products: Float64Array, noise: Float64Array): Float64Array {
  const k = noise.length;
  const P = phi.length / k;
  const usual = noise.reduce((least, value) => Math.min(least, value));
  const others = [...noise.keys()].filter((i) => noise[i] !== usual);
  const isEven = others.length < k / 2;
  const precision = isEven ? products.map((value) => value / usual) : new Float64Array(P * P);
  for (const i of isEven ? others : noise.keys()) {
    const weight = 1 / noise[i]! - (isEven ? 1 / usual : 0);
    addProduct(precision, phi.subarray(i * P, (i + 1) * P), weight);
  }
  for (let p = 0; p < P; p++) precision[p * P + p]! += 1;
  return precision;
}

function solveInFeatures(phi: Float64Array, products: Float64Array, z: Float64Array, noise: Float64Array): Solved {
  const k = z.length;
  const P = phi.length / k;
  const phiZ = new Float64Array(P);
  const phiOne = new Float64Array(P);
  let zz = 0;
  let zOne = 0;
  let oneOne = 0;
  let lnNoise = 0;
  for (let i = 0; i < k; i++) {
    const weight = 1 / noise[i]!;
    const zi = z[i]!;
    zz += zi * zi * weight;
    zOne += zi * weight;
    oneOne += weight;
    lnNoise += Math.log(noise[i]!);
    for (let p = 0, at = i * P; p < P; p++, at++) {
      const scaled = phi[at]! * weight;
      phiZ[p]! += scaled * zi;
      phiOne[p]! += scaled;
    }
  }
  const lower = cholesky(precisionOf(phi, products, noise), P);
  const toZ = solveCholesky(lower, P, phiZ);
  const toOne = solveCholesky(lower, P, phiOne);
  return {
    lower,
    a: zz - dot(phiZ, toZ),
    b: zOne - dot(phiZ, toOne),
    c: oneOne - dot(phiOne, toOne),
    halfLogDeterminant: 0.5 * (logDeterminantOf(lower, P) + lnNoise),
    toZ,
    toOne,
  };
}

const inverseScale = ({ a, b }: Solved, k: number): number => (b + Math.sqrt(b * b + 4 * a * k)) / (2 * a);

function linearWeights(solved: Solved, k: number): Float64Array {
  const u = inverseScale(solved, k);
  return solved.toZ.map((value, i) => u * value - solved.toOne[i]!);
}

const sumOf = (values: Float64Array): number => values.reduce((a, b) => a + b, 0);

/** F of a solved system [r × r]. */
export const invertedFactor = ({ lower, toOne }: Solved): Float64Array => invertLower(lower, toOne.length);

function posteriorFrom(solved: Solved, rows: SupportRows): Posterior {
  const k = rows.lnMean.length;
  const { a, b, c } = solved;
  const u = inverseScale(solved, k);
  const curvature = a * u * u + k;
  const misfit = u * u * a - 2 * u * b + c;
  return {
    lnEvidence: k * Math.log(u) - 0.5 * (misfit + Math.log(curvature)) - solved.halfLogDeterminant - sumOf(rows.lnMean),
    lnScale: -Math.log(u),
    weights: linearWeights(solved, k),
    factor: invertedFactor(solved),
    scaleVariance: 1 / curvature,
    scaleResponse: solved.toOne,
    outliers: [],
  };
}
