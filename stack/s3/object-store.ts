// The durable store behind the endpoint. A write is acknowledged after: temporary file, fsync, rename onto the object's
// name, fsync of the folder. So a reader, a crash or a kill sees the old object whole or the new one whole. Names of
// files are hashes of keys: no key, however odd, can leave its bucket's folder.
//   {folder}/buckets/{bucket}/{first two hex digits}/{SHA-256 of the key}      {folder}/incoming/{unfinished writes}

import { createHash, randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readdirSync, rmSync } from 'node:fs';
import { type FileHandle, open, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeWithParents } from '#command-line/make-folder.ts';
import { setAside } from '../set-aside.ts';
import type { ByteSink } from './body.ts';
import { checkWrite, type PutCondition } from './conditions.ts';
import { type IndexEntry, KeyIndex } from './key-index.ts';
import { DamagedObjectFile, encodeTail, openObjectFile, readMetadataSync, type StoredMetadata } from './object-file.ts';
import { S3Error } from './s3-error.ts';

const writeBehindBytes = 256 * 1024;

export type NewMetadata = Omit<StoredMetadata, 'key' | 'lastModifiedMs' | 'sequencer'>;

export interface Removal {
  readonly timeMs: number;
  readonly sequencer: string;
}

interface Bucket {
  readonly folder: string;
  readonly index: KeyIndex;
}

export class ObjectStore {
  readonly #incoming: string;
  readonly #buckets: ReadonlyMap<string, Bucket>;
  readonly #clock: () => number;
  /** Per bucket and key, the last of the writes that wait for one another. */
  readonly #writing = new Map<string, Promise<unknown>>();
  #lastSequence: bigint;

  private constructor(incoming: string, buckets: ReadonlyMap<string, Bucket>, clock: () => number) {
    this.#incoming = incoming;
    this.#buckets = buckets;
    this.#clock = clock;
    let newest = 0n;
    for (const bucket of buckets.values()) {
      for (const { sequencer } of bucket.index.entries()) {
        const sequence = BigInt(`0x${sequencer}`);
        if (sequence > newest) newest = sequence;
      }
    }
    this.#lastSequence = newest;
  }

  /**
   * Opens or creates a store, drops what unfinished writes left, and indexes every object. A file that is no whole
   * object is moved to `{folder}/damaged/` and named on standard error.
   */
  static open(folder: string, bucketNames: readonly string[], clock: () => number): ObjectStore {
    const incoming = join(folder, 'incoming');
    rmSync(incoming, { recursive: true, force: true });
    makeWithParents(incoming);
    const buckets = new Map<string, Bucket>();
    for (const name of bucketNames) {
      if (!isBucketName(name)) throw new Error(`'${name}' is no name for a bucket: 3 to 63 of a-z 0-9 . -`);
      buckets.set(name, openBucket(folder, name));
    }
    return new ObjectStore(incoming, buckets, clock);
  }

  /** Their names. */
  buckets(): string[] {
    return [...this.#buckets.keys()];
  }

  /** @throws S3Error `NoSuchBucket` */
  index(bucket: string): KeyIndex {
    return this.#bucket(bucket).index;
  }

  /** A place for a body that is still arriving. Ends in `commit` or in `discard`. */
  async startWrite(): Promise<PendingWrite> {
    const path = join(this.#incoming, randomUUID());
    return new PendingWrite(path, await open(path, 'wx'));
  }

  /**
   * Makes a received body the object of a key, durably. One key's writes go one after the other; a conditional one that
   * meets another in flight is refused, as S3 may, because its outcome is not yet known.
   * @throws S3Error `PreconditionFailed`, `NoSuchKey`, `ConditionalRequestConflict`
   */
  async commit(
    bucket: string,
    key: string,
    pending: PendingWrite,
    metadata: NewMetadata,
    condition?: PutCondition,
  ): Promise<StoredMetadata> {
    const { folder, index } = this.#bucket(bucket);
    return await this.#exclusively(bucket, key, condition !== undefined, async () => {
      if (condition !== undefined) checkWrite(condition, index.get(key), key);
      const stored: StoredMetadata = { ...metadata, key, ...this.#stamp() };
      await pending.finish(stored);
      const path = objectPath(folder, key);
      await rename(pending.path, path.file);
      pending.moved = true;
      // Readers see the new file from here on, so lists must too; the writer waits until it is durable.
      index.set(toEntry(stored));
      await syncFolder(path.folder);
      return stored;
    });
  }

  /** Removes an object durably. Undefined where there was none. */
  async remove(bucket: string, key: string, condition?: PutCondition): Promise<Removal | undefined> {
    const { folder, index } = this.#bucket(bucket);
    return await this.#exclusively(bucket, key, condition !== undefined, async () => {
      if (condition !== undefined) checkWrite(condition, index.get(key), key);
      if (index.get(key) === undefined) return undefined;
      const path = objectPath(folder, key);
      await unlink(path.file);
      index.delete(key);
      await syncFolder(path.folder);
      const { lastModifiedMs: timeMs, sequencer } = this.#stamp();
      return { timeMs, sequencer };
    });
  }

  /** The object as it is now; later writes do not change what this handle reads. The caller closes it. */
  async read(bucket: string, key: string): Promise<{ handle: FileHandle; metadata: StoredMetadata } | undefined> {
    return await openObjectFile(objectPath(this.#bucket(bucket).folder, key).file);
  }

  /** Waits for the writes that are being made durable. */
  async settle(): Promise<void> {
    await Promise.allSettled([...this.#writing.values()]);
  }

  #bucket(name: string): Bucket {
    const bucket = this.#buckets.get(name);
    if (bucket === undefined) {
      throw new S3Error('NoSuchBucket', 'The specified bucket does not exist', { BucketName: name });
    }
    return bucket;
  }

  async #exclusively<T>(bucket: string, key: string, conditional: boolean, work: () => Promise<T>): Promise<T> {
    const id = `${bucket}/${key}`;
    const before = this.#writing.get(id);
    if (before !== undefined && conditional) {
      throw new S3Error(
        'ConditionalRequestConflict',
        'The conditional request cannot succeed due to a conflicting operation against this resource.',
        { Key: key },
      );
    }
    const run = (before ?? Promise.resolve()).then(work, work);
    this.#writing.set(id, run);
    try {
      return await run;
    } finally {
      if (this.#writing.get(id) === run) this.#writing.delete(id);
    }
  }

  /** Time, and a sequence that follows the clock but never repeats or goes back. */
  #stamp(): { lastModifiedMs: number; sequencer: string } {
    const lastModifiedMs = this.#clock();
    const fromClock = BigInt(lastModifiedMs) << 16n;
    this.#lastSequence = fromClock > this.#lastSequence ? fromClock : this.#lastSequence + 1n;
    return { lastModifiedMs, sequencer: this.#lastSequence.toString(16).toUpperCase().padStart(18, '0') };
  }
}

/** A body on its way to disk, written in large pieces. */
export class PendingWrite implements ByteSink {
  readonly path: string;
  moved = false;
  readonly #handle: FileHandle;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;

  constructor(path: string, handle: FileHandle) {
    this.path = path;
    this.#handle = handle;
  }

  async write(bytes: Buffer): Promise<void> {
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes >= writeBehindBytes) await this.#flush();
  }

  async finish(metadata: StoredMetadata): Promise<void> {
    this.#waiting.push(encodeTail(metadata));
    await this.#flush();
    await this.#handle.sync();
    await this.#handle.close();
  }

  /** Harmless after a commit. */
  async discard(): Promise<void> {
    if (this.moved) return;
    await this.#handle.close().catch(() => {});
    await unlink(this.path).catch(() => {});
  }

  async #flush(): Promise<void> {
    const bytes = Buffer.concat(this.#waiting);
    this.#waiting = [];
    this.#waitingBytes = 0;
    // appendFile-like: the handle's own position; a short write throws instead of passing silently.
    await this.#handle.appendFile(bytes);
  }
}

function isBucketName(name: string): boolean {
  return /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) && !name.includes('..');
}

function openBucket(store: string, name: string): Bucket {
  const folder = join(store, 'buckets', name);
  for (let byte = 0; byte < 256; byte++) makeWithParents(join(folder, hexByte(byte)));
  for (const made of [folder, dirname(folder), dirname(dirname(folder))]) syncFolderSync(made);
  const entries: IndexEntry[] = [];
  for (let byte = 0; byte < 256; byte++) {
    const shelf = join(folder, hexByte(byte));
    for (const file of readdirSync(shelf)) {
      const path = join(shelf, file);
      const found = readShelved(folder, path);
      if (typeof found === 'string') setAside(path, store, found, `Bucket '${name}' goes on without it.`);
      else entries.push(toEntry(found));
    }
  }
  return { folder, index: KeyIndex.from(entries) };
}

/** The metadata of the object in a file of a shelf, or what is wrong with the file. */
function readShelved(folder: string, path: string): StoredMetadata | string {
  try {
    const metadata = readMetadataSync(path);
    if (objectPath(folder, metadata.key).file === path) return metadata;
    return `it is a copy of the object '${metadata.key}' in a place that is not that object's`;
  } catch (error) {
    if (error instanceof DamagedObjectFile) return error.why;
    if (error instanceof Error && 'code' in error && error.code === 'EISDIR') return 'a folder is no object';
    throw error;
  }
}

function toEntry(metadata: StoredMetadata): IndexEntry {
  const { key, sizeBytes, etag, lastModifiedMs, sequencer, event } = metadata;
  return { key, sizeBytes, etag, lastModifiedMs, sequencer, event, checksumAlgorithm: metadata.checksum?.algorithm };
}

function objectPath(folder: string, key: string): { folder: string; file: string } {
  const hash = createHash('sha256').update(key).digest('hex');
  const shelf = join(folder, hash.slice(0, 2));
  return { folder: shelf, file: join(shelf, hash) };
}

function hexByte(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}

function syncFolderSync(folder: string): void {
  const file = openSync(folder, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
