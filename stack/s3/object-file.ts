// One object is one file: body, metadata as JSON, and a fixed-size footer, so that body and metadata become visible and
// durable together by one rename. The body comes first because its hashes are known only after it has arrived.
//   body | metadata (JSON, UTF-8) | u32 length of metadata | u32 CRC-32 of metadata | 8 bytes of magic

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import * as z from 'zod';
import { checksumAlgorithms } from './checksum.ts';

const magic = Buffer.from('SBOBJ001', 'latin1');
const footerBytes = 16;
const maxMetadataBytes = 64 * 1024;
const tailBytes = 4096;

export const storedMetadataSchema = z.strictObject({
  key: z.string().min(1),
  sizeBytes: z.int().nonnegative(),
  /** Hex MD5 of the body, without quotes. */
  etag: z.string().regex(/^[0-9a-f]{32}$/),
  lastModifiedMs: z.int(),
  /** Grows with every write of the store; hex digits of one length, so that text order is time order. */
  sequencer: z.string().regex(/^[0-9A-F]{18}$/),
  /** Content-Type and its kin, lower-case names. */
  headers: z.record(z.string(), z.string()),
  /** x-amz-meta-*, without the prefix. */
  userMetadata: z.record(z.string(), z.string()),
  checksum: z.strictObject({ algorithm: z.enum(checksumAlgorithms), base64: z.string() }).optional(),
  /** What wrote it: the second half of its event's name. */
  event: z.literal('Put'),
});
export type StoredMetadata = z.infer<typeof storedMetadataSchema>;

/** A file of the store that is no whole object. */
export class DamagedObjectFile extends Error {
  override readonly name = 'DamagedObjectFile';
  /** What is wrong with it, without the name of the file and without a full stop. */
  readonly why: string;

  constructor(path: string, why: string) {
    super(`The stored object ${path} is damaged: ${why}.`);
    this.why = why;
  }
}

/** What follows the bytes of an object in its file: its metadata, and how long they are. */
export function encodeTail(metadata: StoredMetadata): Buffer {
  const json = Buffer.from(JSON.stringify(metadata));
  const footer = Buffer.alloc(footerBytes);
  footer.writeUInt32LE(json.length, 0);
  footer.writeUInt32LE(crc32(json), 4);
  magic.copy(footer, 8);
  return Buffer.concat([json, footer]);
}

/** Opens a stored object for reading; undefined where there is none. The caller closes the handle. */
export async function openObjectFile(
  path: string,
): Promise<{ handle: FileHandle; metadata: StoredMetadata } | undefined> {
  let handle: FileHandle;
  try {
    handle = await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const fileBytes = (await handle.stat()).size;
    const readAt = async (position: number, length: number): Promise<Buffer> => {
      const buffer = Buffer.alloc(length);
      const { bytesRead } = await handle.read(buffer, 0, length, position);
      return buffer.subarray(0, bytesRead);
    };
    const tail = await readAt(Math.max(0, fileBytes - tailBytes), Math.min(fileBytes, tailBytes));
    const length = metadataLength(path, tail);
    const whole =
      length + footerBytes <= tail.length ? tail : await readAt(fileBytes - length - footerBytes, length + footerBytes);
    return { handle, metadata: decodeTail(path, whole, fileBytes) };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** The same, synchronously and of the metadata alone: a start reads every file once, and this is several times
 * faster. */
export function readMetadataSync(path: string): StoredMetadata {
  const file = openSync(path, 'r');
  try {
    const fileBytes = fstatSync(file).size;
    const readAt = (position: number, length: number): Buffer => {
      const buffer = Buffer.allocUnsafe(length);
      return buffer.subarray(0, readSync(file, buffer, 0, length, position));
    };
    const tail = readAt(Math.max(0, fileBytes - tailBytes), Math.min(fileBytes, tailBytes));
    const length = metadataLength(path, tail);
    const whole =
      length + footerBytes <= tail.length ? tail : readAt(fileBytes - length - footerBytes, length + footerBytes);
    return decodeTail(path, whole, fileBytes);
  } finally {
    closeSync(file);
  }
}

function metadataLength(path: string, tail: Buffer): number {
  const footer = tail.subarray(-footerBytes);
  if (footer.length < footerBytes || !footer.subarray(8).equals(magic))
    throw new DamagedObjectFile(path, 'it has no footer');
  const length = footer.readUInt32LE(0);
  if (length > maxMetadataBytes) throw new DamagedObjectFile(path, `its metadata claims ${length} bytes`);
  return length;
}

function decodeTail(path: string, tail: Buffer, fileBytes: number): StoredMetadata {
  const footer = tail.subarray(-footerBytes);
  const length = footer.readUInt32LE(0);
  const json = tail.subarray(tail.length - footerBytes - length, tail.length - footerBytes);
  if (json.length !== length || crc32(json) !== footer.readUInt32LE(4))
    throw new DamagedObjectFile(path, 'its metadata is damaged');
  const metadata = storedMetadataSchema.parse(JSON.parse(json.toString('utf8')));
  if (metadata.sizeBytes + length + footerBytes !== fileBytes)
    throw new DamagedObjectFile(path, `it is not of the length that the object '${metadata.key}' has`);
  return metadata;
}
