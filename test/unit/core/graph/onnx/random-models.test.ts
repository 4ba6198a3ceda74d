// Random ONNX models against onnx.shape_inference, where a Python with the onnx package is found (SUGARBUSH_PYTHON, else
// python3); skipped where none is.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { bytesAsSource } from '#core/graph/onnx-file/byte-source.ts';
import { readOnnx } from '#core/graph/read-onnx.ts';
import { described, onnxBytes, onnxExpected, onnxFolder } from '../../../../fixtures/onnx-models.ts';

const python = process.env['SUGARBUSH_PYTHON'] ?? 'python3';

function hasOnnx(): boolean {
  try {
    execFileSync(python, ['-c', 'import onnx, numpy'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const models = 150;

it.skipIf(!hasOnnx())(
  `${models} random models have the shapes of onnx.shape_inference`,
  { timeout: 120_000 },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'random-onnx-'));
    try {
      execFileSync(python, [join(onnxFolder, 'models.py'), 'random', '1', String(models), folder]);
      let compared = 0;
      for (const [name, expected] of Object.entries(onnxExpected(folder))) {
        const have = described(await readOnnx(bytesAsSource(onnxBytes(name, folder))));
        for (const [tensor, shape] of Object.entries(expected)) {
          expect([name, tensor, have[tensor]]).toEqual([name, tensor, shape]);
          compared++;
        }
      }
      expect(compared).toBeGreaterThan(5 * models);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);
