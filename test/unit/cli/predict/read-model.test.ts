import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readModel } from '#cli/predict/read-model.ts';
import { dimensionsSchema } from '#command-line/dimensions.ts';
import { graphHash } from '#core/graph/graph-hash.ts';
import { smallOnnx } from '../../../fixtures/small-onnx.ts';

const folder = mkdtempSync(join(tmpdir(), 'sugarbush-read-model-'));
afterAll(() => rmSync(folder, { recursive: true }));

function put(name: string, content: Uint8Array | string): string {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
}

const plain = { batch: undefined, dims: {}, inputs: {} };
const fixed = put('fixed.onnx', smallOnnx());
const open = put('open.onnx', smallOnnx(['n', 3, 'height', 8]));

describe('a model from a file', () => {
  test('is read with a batch of 1 where it leaves that open', async () => {
    const { graph, batch } = await readModel(open, { ...plain, dims: { height: 16 } });
    expect([graph.inputs[0]!.shape, batch]).toEqual([[1, 3, 16, 8], 1]);
  });

  test('takes the batch that is asked for, or times its own', async () => {
    const bound = await readModel(open, { batch: 4, dims: { height: 8 }, inputs: {} });
    expect([bound.graph.inputs[0]!.shape[0], bound.batch]).toEqual([4, 1]);
    const times = await readModel(fixed, { ...plain, batch: 4 });
    expect([times.graph.inputs[0]!.shape[0], times.batch]).toEqual([1, 4]);
    const pairs = put('pairs.onnx', smallOnnx([2, 3, 8, 8]));
    expect(await readModel(pairs, plain)).toMatchObject({ batch: 1 });
    await expect(readModel(pairs, { ...plain, batch: 3 })).rejects.toMatchObject({
      code: 'invalid-request',
      message: `${pairs}: the model fixes a batch of 2; --batch 3 is no multiple of it`,
    });
  });

  test('may be an operator graph as JSON, which is the same network', async () => {
    const { graph } = await readModel(fixed, plain);
    const json = await readModel(put('graph.json', JSON.stringify(graph)), plain);
    expect(graphHash(json.graph)).toBe(graphHash(graph));
  });

  test.each([
    ['nothing.onnx', undefined, 'not-found', 'no such file'],
    ['.', undefined, 'invalid-model', 'this is a folder; give a file'],
    ['text.onnx', 'these are words, not a model', 'invalid-model', 'this is no ONNX model'],
    ['text.md', '# A title', 'invalid-model', 'this is no ONNX model: no field of one ends its tag at byte 1'],
    ['empty.onnx', '', 'invalid-model', ''],
    ['text.json', 'words', 'invalid-model', 'this is not JSON'],
    ['list.json', '[]', 'invalid-model', 'this is no operator graph'],
  ])('%s is refused by name', async (name, content, code, message) => {
    const file = content === undefined ? join(folder, name) : put(name, content);
    const refusal = await readModel(file, plain).catch((error) => error);
    expect(refusal.code).toBe(code);
    expect(refusal.message.startsWith(`${file}: ${message}`)).toBe(true);
  });

  test('that leaves dimensions open is refused with the option that binds them', async () => {
    const refusal = await readModel(open, plain).catch((error) => error);
    expect(refusal.code).toBe('unbound-dimension');
    expect(refusal.message).toContain('axis 2 ("height") of input "image"');
    expect(refusal.message).toContain('--dim NAME=LENGTH');
  });

  test('refuses lengths of dimensions that it does not have', async () => {
    const refusal = await readModel(fixed, { ...plain, dims: { width: 3 } }).catch((error) => error);
    expect(refusal.code).toBe('invalid-request');
    expect(refusal.message).toContain('no input has a dimension "width"');
  });
});

test('--dim takes lengths and whole shapes', () => {
  expect(dimensionsSchema.parse(['length=128', 'image=1x3x8x8', 'a=b=2'])).toEqual({
    dims: { length: 128, 'a=b': 2 },
    inputs: { image: [1, 3, 8, 8] },
  });
  expect(dimensionsSchema.safeParse(['length']).success).toBe(false);
  expect(dimensionsSchema.safeParse(['length=-1']).success).toBe(false);
});
