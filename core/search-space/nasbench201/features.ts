// NAS-Bench-201 features (64): the cell as written and the cell that computes (pruned, canonical), because some
// runtimes execute dead edges and others remove them; each with operation counts and additions, then longest paths.

import type { Architecture } from '../search-space.ts';
import { canonicalise, pathsThroughCell, prune } from './canonical-cell.ts';
import { edgeCount, NONE, nasbench201Edges, nasbench201Operations } from './cell.ts';

const operationCount = nasbench201Operations.length;
const computing = nasbench201Operations.slice(1);

/** Costs by operation, in units of a 3×3 convolution, under which the longest path is a feature. */
const pathWeights: readonly { readonly name: string; readonly weights: readonly number[] }[] = [
  { name: 'kernels', weights: [0, 0, 1, 1, 1] },
  { name: 'operations', weights: [0, 1, 1, 1, 1] },
  { name: 'nor_conv_3x3', weights: [0, 0, 0, 1, 0] },
  { name: 'compute', weights: [0, 0, 0.3, 1, 0.2] },
];

export const nasbench201FeatureNames: readonly string[] = [
  ...edgeNames('written'),
  ...edgeNames('computing'),
  ...computing.map((name) => `written.count.${name}`),
  ...computing.map((name) => `computing.count.${name}`),
  'written.additions',
  'computing.additions',
  'computing.edges',
  'connected',
  ...pathWeights.map(({ name }) => `longestPath.${name}`),
];

function edgeNames(form: string): string[] {
  return nasbench201Edges.flatMap(({ from, to }) => computing.map((name) => `${form}.edge${from}${to}.${name}`));
}

/** What a cell executes, by edge and in sum. */
export interface CellTally {
  /** Edges by operation, `none` included. */
  readonly counts: readonly number[];
  /** Tensor additions: a node with n inputs costs n − 1. */
  readonly additions: number;
}

export function tally(cell: Architecture): CellTally {
  const counts = new Array<number>(operationCount).fill(0);
  const inputs = [0, 0, 0, 0];
  for (let edge = 0; edge < edgeCount; edge++) {
    const choice = cell[edge]!;
    counts[choice]!++;
    if (choice !== NONE) inputs[nasbench201Edges[edge]!.to]!++;
  }
  const additions = inputs.reduce((sum, n) => sum + Math.max(0, n - 1), 0);
  return { counts, additions };
}

/** Cost of the most expensive path from input to output without a `none`; 0 where there is no such path. */
export function longestPath(cell: Architecture, weights: readonly number[]): number {
  let longest = 0;
  for (const path of pathsThroughCell) {
    let length = 0;
    for (const edge of path) {
      const choice = cell[edge]!;
      if (choice === NONE) {
        length = 0;
        break;
      }
      length += weights[choice]!;
    }
    if (length > longest) longest = length;
  }
  return longest;
}

/** The cell reduced to what computes, in its canonical naming. */
export function computingCell(cell: Architecture): Architecture {
  return canonicalise(prune(cell));
}

/** Features of every cell met so far, by cell number: a search asks for the same 15,625 cells again and again, and all
 * of them together take 4 MB. */
const known = new Float32Array(operationCount ** edgeCount * nasbench201FeatureNames.length);
const isKnown = new Uint8Array(operationCount ** edgeCount);

/** Row-major [cells.length × 64]. */
export function encodeCells(cells: readonly Architecture[]): Float32Array {
  const width = nasbench201FeatureNames.length;
  const features = new Float32Array(cells.length * width);
  for (const [row, cell] of cells.entries()) {
    let number = 0;
    for (const choice of cell) number = number * operationCount + choice;
    const own = known.subarray(number * width, (number + 1) * width);
    if (isKnown[number] === 0) {
      writeFeatures(cell, own);
      isKnown[number] = 1;
    }
    features.set(own, row * width);
  }
  return features;
}

function writeFeatures(cell: Architecture, out: Float32Array): void {
  const written = canonicalise(cell);
  const alive = computingCell(cell);
  let at = 0;
  for (const form of [written, alive]) {
    for (const choice of form) {
      if (choice !== NONE) out[at + choice - 1] = 1;
      at += operationCount - 1;
    }
  }
  const writtenTally = tally(written);
  const aliveTally = tally(alive);
  for (const { counts } of [writtenTally, aliveTally]) {
    for (let choice = 1; choice < operationCount; choice++) out[at++] = counts[choice]!;
  }
  out[at++] = writtenTally.additions;
  out[at++] = aliveTally.additions;
  const aliveEdges = edgeCount - aliveTally.counts[NONE]!;
  out[at++] = aliveEdges;
  out[at++] = aliveEdges > 0 ? 1 : 0;
  for (const { weights } of pathWeights) out[at++] = longestPath(alive, weights);
}
