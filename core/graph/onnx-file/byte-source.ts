// Where a model's bytes are: a file, an object in a store, an upload. Nothing here knows which. (hyparquet's
// AsyncBuffer has the same form.)

export interface ByteSource {
  readonly byteLength: number;
  /** Bytes from `start` (inclusive) to `end` (exclusive). */
  slice(start: number, end: number): Promise<ArrayBuffer> | ArrayBuffer;
}

/** Bytes in memory as a source to read from. */
export function bytesAsSource(bytes: Uint8Array): ByteSource {
  return {
    byteLength: bytes.length,
    // A copy: a Buffer's own slice would be a view of Node's pool.
    slice: (start, end) => new Uint8Array(bytes.subarray(start, end)).buffer,
  };
}
