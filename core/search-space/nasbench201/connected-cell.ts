// Which NAS-Bench-201 cells compute anything: those with a path of operations from the input to the output.
import type { Architecture } from '../search-space.ts';
import { NONE, nasbench201Edges } from './cell.ts';

const outputNode = 3;

/** Whether a path of operations other than `none` leads from input to output. */
export function isConnectedCell(cell: Architecture): boolean {
  const fromInput = [true, false, false, false];
  // Edges are sorted by target and every edge goes upwards, so one sweep reaches everything.
  for (const [edge, { from, to }] of nasbench201Edges.entries()) {
    if (cell[edge] !== NONE && fromInput[from]) fromInput[to] = true;
  }
  return fromInput[outputNode]!;
}
