// Writes core/predictor/kernels/enumerated-counts.json: what kernels each of NAS-Bench-201's 15,625 cells launches
// under each lowering that predictors are trained with (enumerated-counts.ts says how it is read). Some minutes; to be
// run again when lowerings, their passes or the cells' network change, which a test notices.
import { writeFileSync } from 'node:fs';
import { brotliCompressSync, constants } from 'node:zlib';
import { lower } from '#core/graph/lower.ts';
import { defaultLowerings } from '#core/predictor/hypotheses.ts';
import { kernelKey } from '#core/predictor/kernels/kernel-table.ts';
import { nasbench201 } from '#core/search-space/nasbench201/space.ts';
import { describeNetwork } from '#core/search-space/network/describe.ts';

const inputSize = 32;
const cells = [...nasbench201.enumerate!()];
const written = defaultLowerings.map((lowering) => {
  const templates = new Map<string, number>();
  const places: (readonly [cell: number, ordinal: number])[] = [];
  const rows = new Map<string, number>();
  const rowOf = new Uint16Array(cells.length);
  cells.forEach((cell, at) => {
    const { graph } = describeNetwork(nasbench201, cell, { inputSize, batchSize: 1 });
    const pairs = lower(graph, lowering).map(({ kernel, count }, ordinal) => {
      const key = kernelKey(kernel);
      const template = templates.get(key) ?? templates.size;
      if (template === templates.size) {
        templates.set(key, template);
        places.push([at, ordinal]);
      }
      return [template, count] as const;
    });
    const row = pairs
      .toSorted(([a], [b]) => a - b)
      .flat()
      .join(' ');
    const index = rows.get(row) ?? rows.size;
    rows.set(row, index);
    rowOf[at] = index;
  });
  process.stderr.write(`${lowering}: ${templates.size} kernels, ${rows.size} rows\n`);
  return { counts: { lowering, kernels: places, rows: [...rows.keys()] }, rowOf };
});
const parameters = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 };
const pack = (bytes: Uint8Array): string => brotliCompressSync(bytes, { params: parameters }).toString('base64');
const rowsOfCells = written.flatMap(({ rowOf }) => [...rowOf]);
const file = new URL('../core/predictor/kernels/enumerated-counts.json', import.meta.url);
const content = {
  rows: pack(Buffer.from(JSON.stringify(written.map(({ counts }) => counts)))),
  cells: pack(Uint8Array.from([...rowsOfCells.map((row) => row & 255), ...rowsOfCells.map((row) => row >> 8)])),
};
writeFileSync(file, `${JSON.stringify(content)}\n`);
