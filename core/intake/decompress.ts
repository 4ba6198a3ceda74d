// Expands a gzip object without ever holding more than the stated size of its content.
import { gunzipSync } from 'node:zlib';

export type Decompressed =
  | { readonly outcome: 'ok'; readonly bytes: Uint8Array }
  | { readonly outcome: 'too-large' }
  | { readonly outcome: 'damaged'; readonly message: string };

/** @param maxBytes inclusive bound of the content; inflating stops at once when it is passed. */
export function decompress(compressed: Uint8Array, maxBytes: number): Decompressed {
  try {
    return { outcome: 'ok', bytes: gunzipSync(compressed, { maxOutputLength: maxBytes }) };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ERR_BUFFER_TOO_LARGE') return { outcome: 'too-large' };
    return { outcome: 'damaged', message };
  }
}
