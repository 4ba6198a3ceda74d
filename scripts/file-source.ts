// A file on disk as the source of a model's bytes: each slice is one read, and nothing else of the file is touched.
import { type FileHandle, open } from 'node:fs/promises';
import type { ByteSource } from '#core/graph/onnx-file/byte-source.ts';

export interface FileSource extends ByteSource, AsyncDisposable {}

/** Close it with `await using`. */
export async function fileSource(path: string): Promise<FileSource> {
  const file = await open(path);
  const { size } = await file.stat();
  return {
    byteLength: size,
    slice: (start, end) => readSlice(file, start, end),
    [Symbol.asyncDispose]: () => file.close(),
  };
}

/** Shorter than asked for where the file ends before it. */
async function readSlice(file: FileHandle, start: number, end: number): Promise<ArrayBuffer> {
  const bytes = new Uint8Array(end - start);
  let filled = 0;
  while (filled < bytes.length) {
    const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, start + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.buffer.slice(0, filled);
}
