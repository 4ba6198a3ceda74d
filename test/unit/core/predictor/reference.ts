// Reads the reference's vectors, and the parts of a predictor that tests make by hand.
import { readFileSync } from 'node:fs';
import { noiseLevels } from '#core/predictor/hypotheses.ts';
import type { Forward, HeadParameters } from '#core/predictor/types.ts';

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

/** Which of the reference's three heads the predictor's two are: those whose latency is linear in w. */
export const referenceHeads = [0, 2] as const;
const P = 32;

/** Rows of the reference's forward pass under these two, exact in float32. */
export function referenceForward(phiScale: number, rows: readonly number[]): Forward {
  const scaled = (values: readonly number[], scale: number) => values.map((v) => (v / 4096) * scale);
  return {
    count: rows.length,
    lnMean: Float32Array.from(rows.flatMap((row) => scaled(reference.lnMean[row]!, 1))),
    phi: Float32Array.from(
      rows.flatMap((row) =>
        referenceHeads.flatMap((head) => scaled(reference.phi[row]!.slice(head * P, (head + 1) * P), phiScale)),
      ),
    ),
  };
}

export const range = (start: number, end: number): number[] => Array.from({ length: end - start }, (_, i) => start + i);

export function logSoftmax(logits: readonly number[]): number[] {
  const total = Math.log(logits.reduce((sum, l) => sum + Math.exp(l), 0));
  return logits.map((l) => l - total);
}

/** With the reference's noise levels. */
export const referenceParameters: HeadParameters = {
  lowerings: ['eager'],
  featureDimension: P,
  noiseLevels: [...noiseLevels],
  logPriors: referenceHeads.map((head) => logSoftmax(noiseLogits[head]!).map((l) => l - Math.log(2))),
};
