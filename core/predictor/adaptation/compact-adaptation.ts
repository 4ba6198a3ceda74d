// An adaptation in a tenth of its bytes, for files of many targets. What takes the room is the covariance of (θ₀, w): a
// few directions that the measurements determined, and many that they left as they were. It is kept as those few, a
// byte a coordinate, their variances, and one variance for all directions perpendicular to them. Expectations do not
// change; deviations change by less than what they are uncertain by. Of the heads the two likeliest are kept.
import * as z from 'zod';
import { loweringIds } from '#core/graph/lowerings.ts';
import { cholesky } from '#core/matrix/small-matrix.ts';
import { symmetricEigen } from '#core/matrix/symmetric-eigen.ts';
import { significant } from '#core/text/significant.ts';
import type { Adaptation, AdaptedHead } from './adaptation.ts';
import { selfCheckSchema } from './self-check.ts';

const compactHeadSchema = z.strictObject({
  lowering: z.enum(loweringIds),
  net: z.literal([0, 1]),
  form: z.enum(['linear', 'positive', 'exponential']).default('linear'),
  weight: z.number().positive(),
  lnScale: z.number(),
  coordinates: z.array(z.int().nonnegative()).max(1000),
  /** Base64 of 16-bit integers, little-endian, one a coordinate; and what one of them is worth. */
  weights: z.base64(),
  weightStep: z.number().positive(),
  /** One for each of the determined directions. */
  variances: z.array(z.number().nonnegative()).max(1000),
  /** The same for all other directions. */
  restVariance: z.number().nonnegative(),
  /** Base64 of signed bytes [directions × (coordinates + 1)], each direction over its largest coordinate. */
  directions: z.base64(),
  priorVariance: z.number().nonnegative(),
  noiseVariance: z.number().nonnegative(),
  priorMean: z.array(z.number()).max(1000).exactOptional(),
});
type CompactHead = z.infer<typeof compactHeadSchema>;

export const compactAdaptationSchema = z.strictObject({
  measurements: z.int().positive(),
  intervalScale: z.number().positive(),
  heads: z.array(compactHeadSchema).min(1),
  outliers: z.array(z.int().nonnegative()),
  selfCheck: selfCheckSchema,
});
export type CompactAdaptation = z.infer<typeof compactAdaptationSchema>;

/** Heads beyond the likeliest, and those of less posterior probability, are left out. */
const mostHeads = 2;
const leastWeight = 0.05;
const mostDirections = 10;
/** Directions whose variance is within this factor of the rest's are part of the rest. */
const sameFactor = 1.2;
const digits = 5;

/** @throws TypeError for an adaptation that was not checked: what its measurements say of each other goes with it */
export function compactAdaptation(adaptation: Adaptation): CompactAdaptation {
  const { measurements, intervalScale, heads, outliers, selfCheck } = adaptation;
  if (selfCheck === undefined) throw new TypeError('an adaptation without a self check');
  const kept = heads
    .toSorted((a, b) => b.weight - a.weight)
    .filter(({ weight }, i) => i === 0 || (i < mostHeads && weight >= leastWeight));
  const total = kept.reduce((sum, { weight }) => sum + weight, 0);
  return {
    measurements,
    intervalScale: significant(intervalScale, digits),
    heads: kept.map((head) => compactHead({ ...head, weight: head.weight / total })),
    outliers,
    selfCheck,
  };
}

function compactHead(head: AdaptedHead): CompactHead {
  const n = head.coordinates.length + 1;
  const { values, vectors } = symmetricEigen(covarianceOf(head.factor, n), n);
  const rest = values[Math.floor(n / 4)]!;
  const chosen = [...values.keys()]
    .map((i) => ({ i, far: Math.abs(Math.log(Math.max(values[i]!, 1e-12) / Math.max(rest, 1e-12))) }))
    .filter(({ far }) => far > Math.log(sameFactor))
    .sort((a, b) => b.far - a.far)
    .slice(0, mostDirections)
    .map(({ i }) => i);
  const others = [...values.keys()].filter((i) => !chosen.includes(i));
  const restVariance = others.reduce((sum, i) => sum + values[i]!, 0) / Math.max(others.length, 1);
  const bytes = new Uint8Array(chosen.length * n);
  chosen.forEach((i, row) => {
    const own = vectors.subarray(i * n, (i + 1) * n);
    const largest = Math.max(...own.map(Math.abs));
    own.forEach((x, k) => {
      bytes[row * n + k] = Math.round((127 * x) / largest) & 255;
    });
  });
  return {
    lowering: head.lowering,
    net: head.net,
    form: head.form,
    weight: significant(head.weight, digits),
    lnScale: significant(head.lnScale, 7),
    coordinates: head.coordinates,
    ...encodedWeights(head.weights),
    variances: chosen.map((i) => significant(Math.max(values[i]!, 0), digits)),
    restVariance: significant(restVariance, digits),
    directions: btoa(String.fromCharCode(...bytes)),
    priorVariance: significant(head.priorVariance, digits),
    noiseVariance: significant(head.noiseVariance, digits),
    ...(head.priorMean && { priorMean: head.priorMean.map((mean) => significant(mean, digits)) }),
  };
}

const largestInteger = 32_767;

function encodedWeights(weights: readonly number[]): Pick<CompactHead, 'weights' | 'weightStep'> {
  const largest = Math.max(...weights.map(Math.abs), 1e-6);
  const weightStep = Number((largest / largestInteger).toPrecision(7));
  const bytes = new Uint8Array(2 * weights.length);
  const view = new DataView(bytes.buffer);
  weights.forEach((w, i) => {
    view.setInt16(2 * i, Math.max(Math.min(Math.round(w / weightStep), largestInteger), -largestInteger), true);
  });
  return { weights: btoa(String.fromCharCode(...bytes)), weightStep };
}

function decodedWeights({ weights, weightStep }: Pick<CompactHead, 'weights' | 'weightStep'>): number[] {
  const bytes = Uint8Array.from(atob(weights), (c) => c.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  return Array.from({ length: bytes.length / 2 }, (_, i) => weightStep * view.getInt16(2 * i, true));
}

function covarianceOf(factor: readonly number[], n: number): Float64Array {
  const lower = new Float64Array(n * n);
  for (let i = 0, f = 0; i < n; i++) for (let j = 0; j <= i; j++, f++) lower[i * n + j] = factor[f]!;
  const covariance = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let k = 0; k <= j; k++) sum += lower[i * n + k]! * lower[j * n + k]!;
      covariance[i * n + j] = sum;
      covariance[j * n + i] = sum;
    }
  }
  return covariance;
}

/** The adaptation again, as predictions take it.
 * @param predictorHash of the predictor that it was made under */
export function expandedAdaptation(compact: CompactAdaptation, predictorHash: string): Adaptation {
  return { ...compact, predictorHash, heads: compact.heads.map(expandedHead) };
}

function expandedHead(compact: CompactHead): AdaptedHead {
  const { variances, restVariance, directions, weightStep: _, ...head } = compact;
  const n = head.coordinates.length + 1;
  const basis = orthonormal(
    Int8Array.from(atob(directions), (c) => c.charCodeAt(0)),
    variances.length,
    n,
  );
  const covariance = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = i === j ? restVariance + 1e-9 : 0;
      for (const [row, variance] of variances.entries()) {
        sum += (variance - restVariance) * basis[row * n + i]! * basis[row * n + j]!;
      }
      covariance[i * n + j] = sum;
      covariance[j * n + i] = sum;
    }
  }
  const lower = cholesky(covariance, n);
  const factor: number[] = [];
  for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) factor.push(lower[i * n + j]!);
  return { ...head, weights: decodedWeights(compact), factor };
}

/** Rows made perpendicular, each of length 1 (modified Gram-Schmidt, twice): bytes are nearly so, and a variance of
 * nearly nothing needs it exactly. */
function orthonormal(bytes: Int8Array, rows: number, n: number): Float64Array {
  const basis = Float64Array.from(bytes);
  for (let i = 0; i < rows; i++) {
    const own = basis.subarray(i * n, (i + 1) * n);
    for (let pass = 0; pass < 2; pass++) {
      for (let j = 0; j < i; j++) {
        let product = 0;
        for (let k = 0; k < n; k++) product += own[k]! * basis[j * n + k]!;
        for (let k = 0; k < n; k++) own[k]! -= product * basis[j * n + k]!;
      }
    }
    const length = Math.hypot(...own);
    for (let k = 0; k < n; k++) own[k]! /= length;
  }
  return basis;
}
