// Against the onnx package itself: random models and shape inference, its own cases of single operators and what its
// reference computes. Where a Python with onnx is found (SUGARBUSH_PYTHON, else python3); skipped where none is.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DomainError } from '#core/errors.ts';
import { infer } from '#core/graph/infer.ts';
import { bindDimensions } from '#core/graph/onnx-file/bind-dimensions.ts';
import { bytesAsSource } from '#core/graph/onnx-file/byte-source.ts';
import { inlineFunctions } from '#core/graph/onnx-file/inline-functions.ts';
import { limits } from '#core/graph/onnx-file/limits.ts';
import { readModel } from '#core/graph/onnx-file/read-model.ts';
import { sourceGraphOf } from '#core/graph/onnx-file/source-graph-of.ts';
import { WireCursor } from '#core/graph/onnx-file/wire-cursor.ts';
import { readOnnx } from '#core/graph/read-onnx.ts';
import { described, onnxBytes, onnxExpected } from '../../../../fixtures/onnx-models.ts';
import { hasOnnx, withModels } from '../../../../fixtures/onnx-python.ts';

const models = 150;

describe.skipIf(!hasOnnx())('the onnx package', { timeout: 120_000 }, () => {
  it(`infers the same shapes of ${models} random models`, async () => {
    await withModels(['random', '1', String(models)], async (folder) => {
      let compared = 0;
      for (const [name, expected] of Object.entries(onnxExpected(folder))) {
        const have = described(await readOnnx(bytesAsSource(onnxBytes(name, folder))));
        for (const [tensor, shape] of Object.entries(expected)) {
          expect([name, tensor, have[tensor]]).toEqual([name, tensor, shape]);
          compared++;
        }
      }
      expect(compared).toBeGreaterThan(5 * models);
    });
  });

  it('computes the same shapes, types and values in its cases of single operators', async () => {
    await withModels(['operators'], async (folder) => {
      const cases = JSON.parse(readFileSync(join(folder, 'cases.json'), 'utf8')) as Record<string, Output[]>;
      const counts = { shapes: 0, values: 0, refused: 0 };
      const unknown = new Set<string>();
      for (const [name, outputs] of Object.entries(cases)) {
        for (const kind of ['shapes', 'values'] as const) {
          const known = await knownTensors(onnxBytes(`${name}.${kind}`, folder)).catch(refusal);
          if (typeof known === 'string') {
            counts.refused += kind === 'values' ? 1 : 0;
            if (kind === 'values') unknown.add(known);
            continue;
          }
          for (const [output, type, shape, values] of outputs) {
            const tensor = known.get(output)!;
            expect([name, output, tensor.type, ...tensor.shape]).toEqual([name, output, type, ...shape]);
            counts.shapes++;
            // Halves are computed as float32 here: shapes are not computed in halves.
            if (tensor.values && values && type !== 'float16') {
              expect([name, farthest(tensor.values, values) < 1e-5]).toEqual([name, true]);
              counts.values++;
            }
          }
        }
      }
      expect(counts.shapes).toBeGreaterThan(2000);
      expect(counts.values).toBeGreaterThan(300);
      expect(counts.refused).toBeLessThan(150);
      // Control flow, shapes that depend on data, text, and operators of opsets after 23.
      expect([...unknown].filter((operator) => !refused.has(operator))).toEqual([]);
    });
  });
});

const refused: ReadonlySet<string> = new Set([
  ...['Loop', 'Scan', 'If', 'NonMaxSuppression', 'Unique', 'OptionalHasElement', 'OptionalGetElement', 'Range'],
  ...[
    'ImageDecoder',
    'TfIdfVectorizer',
    'LinearAttention',
    'CausalConvWithState',
    'BitCast',
    'SwiGLU',
    'TensorScatter',
  ],
  'ai.onnx.preview:FlexAttention',
]);

type Output = [name: string, type: string, shape: number[], values: (number | null)[] | null];

async function knownTensors(bytes: Uint8Array) {
  const cursor = new WireCursor(bytesAsSource(bytes), limits);
  const model = await cursor.run(readModel(cursor));
  const graph = inlineFunctions(model);
  return infer(sourceGraphOf(graph, bindDimensions(graph.inputs, {})), model.opset!).known;
}

/** The operator that was refused. */
function refusal(error: unknown): string {
  if (!(error instanceof DomainError)) throw error;
  return /\(([\w.:]+)\)/.exec(error.message)?.[1] ?? error.message;
}

/** Largest relative difference; null is no number. */
function farthest(have: readonly number[], want: readonly (number | null)[]): number {
  const big = 3.4028234663852886e38;
  return have.reduce((most, value, i) => {
    const wanted = want[i];
    if (wanted === null || wanted === undefined) return most;
    return Math.max(most, Math.abs(Math.max(-big, Math.min(big, value)) - wanted) / Math.max(1, Math.abs(wanted)));
  }, 0);
}
