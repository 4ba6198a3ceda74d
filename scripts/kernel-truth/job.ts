// What a worker is asked and answers.
import { readFileSync } from 'node:fs';
import type { OperatorGraph } from '#core/graph/operator-graph.ts';

export const levels = ['disabled', 'basic', 'extended', 'all'] as const;
export type Level = (typeof levels)[number];

export interface TruthJob {
  readonly graph: OperatorGraph;
  /** Of temporary files. */
  readonly folder: string;
  /** Channels in a block of this machine's blocked layout. */
  readonly block: number;
}

/** For each level one line a node, or why the runtime refused. */
export type TruthOutcome =
  | { readonly lines: Readonly<Record<Level, readonly string[]>> }
  | { readonly refused: string };

/** Channels in a block as ONNX Runtime chooses it on this machine (MLAS: 16 floats of a register of AVX-512, 8 of
 * AVX). */
export function blockOfThisMachine(): number {
  const flags = /^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? '';
  if (/\bavx512f\b/.test(flags)) return 16;
  if (/\bavx\b/.test(flags)) return 8;
  throw new Error('this machine has no AVX: ONNX Runtime blocks nothing on it');
}
