// The predictor that comes with the project, trained again by the command that made it: two minutes of one core.
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { readShippedPredictor } from '#cli/start/read-shipped-predictor.ts';
import { loadPredictor } from '#core/predictor/bundle.ts';
import { countGraph } from '#core/predictor/kernels/count-kernels.ts';
import { kernelTable } from '#core/predictor/kernels/kernel-table.ts';
import { parseParameters } from '#core/predictor/predictor-parameters.ts';
import { seededRandom } from '#core/random.ts';
import { describeNetwork } from '#core/search-space/network/describe.ts';
import { searchSpaces } from '#core/search-space/registry.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'sugarbush-train-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** How far a price may be off, as a factor. The same processor gives the same bytes; V8's and ONNX Runtime's functions
 * differ in last digits on others, and a thousand steps make more of it. */
const tolerance = { median: 1.05, most: 1.5 };

test('training again gives the shipped predictor', { timeout: 20 * 60_000 }, async () => {
  const args = ['cli/main.ts', 'train', '--out', folder];
  await promisify(execFile)(process.execPath, args, { cwd: root, maxBuffer: 2 ** 24 });
  const read = (file: string) => new Uint8Array(readFileSync(join(folder, file)));
  const again = { onnx: read('predictor.onnx'), json: read('predictor.json') };
  const { bundle } = await readShippedPredictor();
  const [mine, shipped] = [again, bundle].map(({ json }) => parseParameters(json));
  expect(mine!.lineage.dataHash).toBe(shipped!.lineage.dataHash);
  expect(mine!.lineage.finalLoss).toBeCloseTo(shipped!.lineage.finalLoss, 1);

  const random = seededRandom(1);
  const table = kernelTable();
  for (const space of searchSpaces) {
    const options = { inputSize: space.id === 'ofa' ? null : 224, batchSize: 1 };
    for (let i = 0; i < 5; i++)
      countGraph(table, describeNetwork(space, space.sample(random), options).graph, ['fused']);
  }
  const kernels = table.kernels.slice(1);
  expect(kernels.length).toBeGreaterThan(100);
  const [a, b] = await Promise.all(
    [again, bundle].map(async (files) => {
      const predictor = await loadPredictor(files);
      const { lnMean } = await predictor.prices(kernels);
      await predictor.close();
      return lnMean[0]!;
    }),
  );
  // Prices are up to a common factor.
  const off = Array.from(a!, (price, i) => price - b![i]!);
  const middle = off.toSorted((x, y) => x - y)[off.length >> 1]!;
  const apart = off.map((value) => Math.abs(value - middle)).sort((x, y) => x - y);
  expect(apart[apart.length >> 1]).toBeLessThan(Math.log(tolerance.median));
  expect(apart.at(-1)).toBeLessThan(Math.log(tolerance.most));
});
