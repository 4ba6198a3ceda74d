// Reads the reference's vectors, and the parts of a predictor that tests make by hand.
import { readFileSync } from 'node:fs';
import type { PredictorParameters } from '#core/predictor/bundle.ts';
import { featureDimension, heads, noiseLevels } from '#core/predictor/hypotheses.ts';
import type { Forward } from '#core/predictor/types.ts';

interface ReferenceVectors {
  /** Integers; times 2⁻¹² and the target's phiScale [70][3 · 32]. */
  readonly phi: number[][];
  /** Integers; times 2⁻¹² [70][2]. */
  readonly lnMean: number[][];
  /** Integers; times 2⁻¹⁰ [3][5]. */
  readonly noiseLogits: number[][];
  readonly targets: readonly ReferenceTarget[];
  readonly selection: {
    readonly connected: boolean[];
    readonly cases: readonly { phiScale: number; count: number; indices: number[] }[];
  };
  readonly normal: {
    readonly x: number[];
    readonly cdf: number[];
    readonly probability: number[];
    readonly quantile: number[];
  };
}

export interface ReferenceTarget {
  readonly name: string;
  readonly phiScale: number;
  readonly latencyMs: number[];
  /** Of the first `rows` rows: negative log evidence a row, mixed over the noise levels and of each alone. */
  readonly evidence: readonly { rows: number; mixed: number[]; alone: number[][] }[];
  /** Of the evidence summed over the heads, of the first `rows` rows: [rows · 2], [rows · 3 · 32], [3 · 5]. */
  readonly gradient: { rows: number; lnMean: number[]; phi: number[]; noiseLogits: number[] };
  /** From the first k rows, of rows 64–69; hypotheses in the order head, noise level. */
  readonly adaptation: readonly {
    k: number;
    score: number[];
    mean: number[][];
    variance: number[][];
    mixtureMean: number[];
    mixtureDeviation: number[];
  }[];
}

const path = new URL('../../../fixtures/reference/predictor.json', import.meta.url);
export const reference = JSON.parse(readFileSync(path, 'utf8')) as ReferenceVectors;

export const noiseLogits = reference.noiseLogits.map((own) => own.map((v) => v / 1024));

/** Rows of the reference's forward pass, exact in float32. */
export function referenceForward(phiScale: number, rows: readonly number[]): Forward {
  const scaled = (table: number[][], scale: number) =>
    Float32Array.from(rows.flatMap((row) => table[row]!.map((v) => (v / 4096) * scale)));
  return { count: rows.length, lnMean: scaled(reference.lnMean, 1), phi: scaled(reference.phi, phiScale) };
}

export const range = (start: number, end: number): number[] => Array.from({ length: end - start }, (_, i) => start + i);

export function logSoftmax(logits: readonly number[]): number[] {
  const total = Math.log(logits.reduce((sum, l) => sum + Math.exp(l), 0));
  return logits.map((l) => l - total);
}

/** Parameters as a trained predictor has them, with the reference's noise levels. */
export const referenceParameters: PredictorParameters = {
  format: 'sugarbush-predictor',
  formatVersion: 1,
  searchSpace: 'nasbench201',
  features: { count: 64, schemaId: '0'.repeat(64) },
  network: { sha256: '0'.repeat(64) },
  normalisation: { mean: range(0, 64).map(() => 0), deviation: range(0, 64).map(() => 1) },
  heads: [...heads],
  featureDimension,
  noiseLevels: [...noiseLevels],
  logPriors: noiseLogits.map((own) => logSoftmax(own).map((l) => l - Math.log(heads.length))),
  lineage: {
    seed: 0,
    steps: 1,
    mixture: 1,
    architectures: 64,
    targets: [],
    dataHash: '0'.repeat(64),
    finalLoss: 0,
  },
};
