// How well kernel counts under each lowering explain measured latencies: ridge regression of a column's latencies on
// nothing but counts, five sixths of the networks → the last sixth, share within ±10 %, three of the six folds.
// Networks that the fit is off for by more than a third are left out of it, and it is made again.
//
//   node scripts/compare-lowerings.ts [--space nasbench201] [--input-size 32] [--networks 300] TABLE.csv.gz…
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { kernelKey, lower } from '#core/graph/lower.ts';
import { lowerings } from '#core/graph/lowerings.ts';
import { cholesky, dot, invertLower, solveCholesky } from '#core/matrix/small-matrix.ts';
import { describeNetwork } from '#core/search-space/network/describe.ts';
import { searchSpace } from '#core/search-space/registry.ts';

const folds = 6;
const foldsTried = 3;
const tolerance = 0.1;
const outlier = 1 / 3;
const refits = 3;
const penalties = [1e-4, 1e-3, 1e-2, 1e-1];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    space: { type: 'string', default: 'nasbench201' },
    'input-size': { type: 'string', default: '32' },
    networks: { type: 'string', default: '300' },
  },
});

interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly { readonly text: string; readonly latencyMs: readonly number[] }[];
}

function readTable(path: string, mostRows: number): Table {
  const [head, ...lines] = gunzipSync(readFileSync(path)).toString().trimEnd().split('\n');
  const step = Math.max(1, Math.floor(lines.length / mostRows));
  const chosen = lines.filter((_, i) => i % step === 0).slice(0, mostRows);
  const rows = chosen.map((line) => {
    const quoted = /^"([^"]*)",(.*)$/.exec(line);
    const at = line.indexOf(',');
    const [text, rest] = quoted ? [quoted[1]!, quoted[2]!] : [line.slice(0, at), line.slice(at + 1)];
    return { text, latencyMs: rest.split(',').map((cell) => (cell === '' ? Number.NaN : Number(cell))) };
  });
  return { columns: head!.split(',').slice(1), rows };
}

/** One row a network, one column a kind of kernel and shape, one for the constant of a run; scaled to root mean square
 * 1. */
function countsOf(texts: readonly string[], lowering: (typeof lowerings)[number]): Float64Array[] {
  const space = searchSpace(values.space);
  const inputSize = values.space === 'ofa' ? null : Number(values['input-size']);
  const columns = new Map<string, number>([['', 0]]);
  const sparse = texts.map((text) => {
    const { graph } = describeNetwork(space, space.parse(text), { inputSize, batchSize: 1 });
    return lower(graph, lowering).map(({ kernel, count }) => {
      const key = kernelKey(kernel);
      const column = columns.get(key) ?? columns.size;
      columns.set(key, column);
      return [column, count] as const;
    });
  });
  const rows = sparse.map((entries) => {
    const row = new Float64Array(columns.size);
    row[0] = 1;
    for (const [column, count] of entries) row[column]! += count;
    return row;
  });
  for (let j = 0; j < columns.size; j++) {
    const size = Math.sqrt(rows.reduce((sum, row) => sum + row[j]! ** 2, 0) / rows.length) || 1;
    for (const row of rows) row[j]! /= size;
  }
  return rows;
}

/** Relative errors on the tested rows. */
function relativeErrors(x: readonly Float64Array[], y: readonly number[], tested: ReadonlySet<number>): number[] {
  const errorOf = (slope: Float64Array, i: number): number => dot(slope, x[i]!) / y[i]! - 1;
  const trained = y.flatMap((value, i) => (tested.has(i) || !(value > 0) ? [] : [i]));
  const middle = trained.map((i) => y[i]!).sort((a, b) => a - b)[trained.length >> 1]!;
  // A latency near 0 would outweigh all others.
  let slope = fitted(
    x,
    y,
    trained.filter((i) => y[i]! > middle / 10),
  );
  for (let round = 0; round < refits; round++) {
    const believed = trained.filter((i) => Math.abs(errorOf(slope, i)) < outlier);
    if (believed.length < trained.length / 2) break;
    slope = fitted(x, y, believed);
  }
  return [...tested].filter((i) => y[i]! > 0).map((i) => errorOf(slope, i));
}

/** Fits the relative error itself; the penalty is chosen by leave-one-out. @returns a weight a column */
function fitted(x: readonly Float64Array[], y: readonly number[], trained: readonly number[]): Float64Array {
  const rows = trained.map((i) => x[i]!.map((value) => value / y[i]!));
  const k = rows.length;
  const gram = new Float64Array(k * k);
  for (let i = 0; i < k; i++) for (let j = 0; j < k; j++) gram[i * k + j] = dot(rows[i]!, rows[j]!);
  let trace = 0;
  for (let i = 0; i < k; i++) trace += gram[i * k + i]!;
  const ones = new Float64Array(k).fill(1);
  const fits = penalties.map((penalty) => {
    const regular = gram.slice();
    for (let i = 0; i < k; i++) regular[i * k + i]! += (penalty * trace) / x[0]!.length;
    const lowerFactor = cholesky(regular, k);
    const dual = solveCholesky(lowerFactor, k, ones);
    const inverse = invertLower(lowerFactor, k);
    let error = 0;
    for (let i = 0; i < k; i++) {
      let diagonal = 0;
      for (let j = i; j < k; j++) diagonal += inverse[j * k + i]! ** 2;
      error += Math.abs(dual[i]! / diagonal);
    }
    return { dual, error };
  });
  const { dual } = fits.reduce((a, b) => (b.error < a.error ? b : a));
  const slope = new Float64Array(x[0]!.length);
  for (const [i, row] of rows.entries()) for (let j = 0; j < slope.length; j++) slope[j]! += dual[i]! * row[j]!;
  return slope;
}

for (const path of positionals) {
  const { columns, rows } = readTable(path, Number(values.networks));
  const texts = rows.map(({ text }) => text);
  console.log(`${basename(path)}: ${rows.length} networks`);
  console.log(`| target | ${lowerings.map(({ id }) => id).join(' | ')} |`);
  console.log(`| --- |${' ---: |'.repeat(lowerings.length)}`);
  const shares = lowerings.map((lowering) => {
    const x = countsOf(texts, lowering);
    return columns.map((_, column) => {
      const y = rows.map(({ latencyMs }) => latencyMs[column]!);
      const errors = Array.from({ length: foldsTried }, (_, fold) =>
        relativeErrors(x, y, new Set(y.flatMap((_, i) => (i % folds === fold ? [i] : [])))),
      ).flat();
      return errors.filter((error) => Math.abs(error) <= tolerance).length / errors.length;
    });
  });
  for (const [i, column] of columns.entries()) {
    console.log(`| ${column} | ${shares.map((share) => share[i]!.toFixed(3).replace(/^0/, '')).join(' | ')} |`);
  }
}
