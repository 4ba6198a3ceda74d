import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readOnnx } from '#core/graph/read-onnx.ts';
import { fileSource } from '#scripts/file-source.ts';
import { onnxFolder } from '../../fixtures/onnx-models.ts';

it('reads an ONNX file from disk', async () => {
  await using source = await fileSource(join(onnxFolder, 'shape-chain.onnx'));
  const graph = await readOnnx(source, { dims: { batch: 2, height: 32 } });
  expect(graph.tensors.at(-1)).toEqual({ name: 'y', type: 'float32', shape: [2, 256, 6] });
});

it('gives the bytes that are asked for, across two gigabytes too, and fewer where the file ends', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'file-source-'));
  try {
    const path = join(folder, 'large');
    await writeFile(path, 'abcdef');
    // A hole: it takes no space on disk.
    await truncate(path, 3 * 2 ** 30);
    await using source = await fileSource(path);
    expect(source.byteLength).toBe(3 * 2 ** 30);
    expect(Buffer.from(await source.slice(2, 5)).toString()).toBe('cde');
    const end = await source.slice(source.byteLength - 2, source.byteLength + 5);
    expect([...new Uint8Array(end)]).toEqual([0, 0]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
