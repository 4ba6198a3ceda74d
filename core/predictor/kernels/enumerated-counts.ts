// What NAS-Bench-201's cells launch, from a file instead of lowering each: all 15,625 under the lowerings that
// predictors are trained with. Few kernels occur in them, at any input size the same ones in the same cells, only
// larger: for each the file names a cell that launches it, and which of its launches it is. Those few cells are
// lowered; all others are looked up. scripts/write-enumerated-counts.ts writes the file; a test holds it against
// lowering.
import { brotliDecompressSync } from 'node:zlib';
import { lower } from '#core/graph/lower.ts';
import type { LoweringId } from '#core/graph/lowerings.ts';
import { cellAtPlace, placeOfCell } from '#core/search-space/nasbench201/cell.ts';
import { describeNetwork } from '#core/search-space/network/describe.ts';
import type { Architecture, SearchSpace } from '#core/search-space/search-space.ts';
import packed from './enumerated-counts.json' with { type: 'json' };
import type { CountRow, KernelTable } from './kernel-table.ts';

/** One a lowering. */
interface CellCounts {
  readonly lowering: LoweringId;
  /** For each kernel a cell, by its place in the space's order, and the place among that cell's distinct launches. */
  readonly kernels: readonly (readonly [cell: number, ordinal: number])[];
  /** `kernel count kernel count …`. */
  readonly rows: readonly string[];
}

interface Unpacked {
  readonly counts: readonly CellCounts[];
  /** The row of each cell, one array a lowering. */
  readonly rowOf: readonly Uint16Array[];
}

/** Below, a stage's maps are so small that other kernels than elsewhere may be launched. */
const leastInputSize = 16;

let read: Unpacked | undefined;

/** The rows of cells under a lowering: each is numbered, and made when it is first asked for. */
export interface CellRows {
  /** How many there are. */
  readonly count: number;
  numberOf(cell: Architecture): number;
  row(number: number): CountRow;
}

/** Rows of indices into `table`; undefined where the file does not tell. */
export function cellRows(
  space: SearchSpace,
  table: KernelTable,
  lowering: LoweringId,
  inputSize: number | null,
): CellRows | undefined {
  if (space.id !== 'nasbench201' || inputSize === null || inputSize < leastInputSize) return undefined;
  read ??= unpack();
  const at = read.counts.findIndex((each) => each.lowering === lowering);
  if (at < 0) return undefined;
  const known = read.counts[at]!;
  const rowOf = read.rowOf[at]!;
  const pairsOf = (row: number): number[] => known.rows[row]!.split(' ').map(Number);
  const launched = new Map<number, number[]>();
  for (const [at] of known.kernels) {
    if (launched.has(at)) continue;
    const launches = lower(describeNetwork(space, cellAtPlace(at), { inputSize, batchSize: 1 }).graph, lowering);
    if (launches.length !== pairsOf(rowOf[at]!).length / 2) return undefined;
    launched.set(
      at,
      launches.map(({ kernel }) => table.indexOf(kernel)),
    );
  }
  const indices = known.kernels.map(([at, ordinal]) => launched.get(at)![ordinal]!);
  const rows: (CountRow | undefined)[] = known.rows.map(() => undefined);
  return {
    count: rows.length,
    numberOf: (cell) => rowOf[placeOfCell(cell)]!,
    row: (number) => (rows[number] ??= countRow(pairsOf(number), indices)),
  };
}

/** `rows` is JSON; `cells` the low bytes of all rows of cells, lowering by lowering, then their high bytes. Both are
 * compressed by Brotli, and base64. */
function unpack(): Unpacked {
  const bytes = (text: string): Buffer => brotliDecompressSync(Buffer.from(text, 'base64'));
  const counts = JSON.parse(bytes(packed.rows).toString('utf8')) as CellCounts[];
  const cells = bytes(packed.cells);
  const half = cells.length / 2;
  const each = half / counts.length;
  const rowOf = counts.map((_, l) =>
    Uint16Array.from({ length: each }, (_, i) => cells[l * each + i]! + 256 * cells[half + l * each + i]!),
  );
  return { counts, rowOf };
}

/** With the constant of a run, kernel 0, once. */
function countRow(pairs: readonly number[], indices: readonly number[]): CountRow {
  const counts: (readonly [kernel: number, count: number])[] = [[0, 1]];
  for (let i = 0; i < pairs.length; i += 2) counts.push([indices[pairs[i]!]!, pairs[i + 1]!]);
  counts.sort(([a], [b]) => a - b);
  return { kernels: Int32Array.from(counts, ([k]) => k), counts: Float64Array.from(counts, ([, n]) => n) };
}
