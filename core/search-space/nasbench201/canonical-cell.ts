// Which NAS-Bench-201 cells are the same network: nodes 1 and 2 can be renamed when nothing flows between them, and an
// edge that no path from input to output uses computes nothing that matters.

import type { Architecture } from '../search-space.ts';
import { edgeCount, NONE, nasbench201Edges } from './cell.ts';

const inputNode = 0;
const outputNode = 3;
const edgeBetweenInnerNodes = 2;
/** Where each edge's operation comes from when nodes 1 and 2 trade names (edge 1→2 itself is `none` then). */
const edgeAfterSwap = [1, 0, edgeBetweenInnerNodes, 3, 5, 4] as const;

/** The cell with nodes 1 and 2 renamed. Meaningful only where edge 1→2 is `none`. */
export function swapInnerNodes(cell: Architecture): Architecture {
  return Uint8Array.from(edgeAfterSwap, (edge) => cell[edge]!);
}

/** One of the two equivalent namings: the lexicographically larger one. Idempotent; returns a new array. */
export function canonicalise(cell: Architecture): Architecture {
  if (cell[edgeBetweenInnerNodes] !== NONE) return cell.slice();
  const swapped = swapInnerNodes(cell);
  for (let edge = 0; edge < edgeCount; edge++) {
    if (cell[edge] !== swapped[edge]) return cell[edge]! > swapped[edge]! ? cell.slice() : swapped;
  }
  return swapped;
}

/** The cell with every edge that lies on no path from input to output set to `none`. Idempotent; returns a new
 * array. */
export function prune(cell: Architecture): Architecture {
  const fromInput = [true, false, false, false];
  const toOutput = [false, false, false, true];
  // Edges are sorted by target and every edge goes upwards, so one sweep in either direction reaches everything.
  for (let edge = 0; edge < edgeCount; edge++) {
    const { from, to } = nasbench201Edges[edge]!;
    if (cell[edge] !== NONE && fromInput[from]) fromInput[to] = true;
  }
  for (let edge = edgeCount - 1; edge >= 0; edge--) {
    const { from, to } = nasbench201Edges[edge]!;
    if (cell[edge] !== NONE && toOutput[to]) toOutput[from] = true;
  }
  const pruned = cell.slice();
  for (let edge = 0; edge < edgeCount; edge++) {
    const { from, to } = nasbench201Edges[edge]!;
    if (!fromInput[from] || !toOutput[to]) pruned[edge] = NONE;
  }
  return pruned;
}

/** Whether a path of operations other than `none` leads from input to output. */
export function isConnectedCell(cell: Architecture): boolean {
  return prune(cell).some((choice) => choice !== NONE);
}

/** Every path from input to output, as edge positions. */
export const pathsThroughCell: readonly (readonly number[])[] = pathsFrom(inputNode);

function pathsFrom(node: number): number[][] {
  if (node === outputNode) return [[]];
  return nasbench201Edges.flatMap(({ from, to }, edge) =>
    from === node ? pathsFrom(to).map((rest) => [edge, ...rest]) : [],
  );
}
