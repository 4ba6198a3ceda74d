// The storage port: immutable-friendly object storage. S3 implements it in functions/shared; tests use a Map. Keys are
// those of DESIGN's storage layout (docs/architecture.md).

export interface StoredObject {
  readonly body: Uint8Array;
  /** Opaque version of the bytes, for `ifMatch`. */
  readonly etag: string;
}

export interface WriteCondition {
  /** Write only over exactly this version. */
  readonly ifMatch?: string;
  /** Write only where nothing exists. */
  readonly ifNoneMatch?: '*';
}

export interface Store {
  /** The object, or undefined when there is none. With `ifNoneMatch` equal to the current etag: 'not-modified'. */
  get(key: string): Promise<StoredObject | undefined>;
  get(key: string, ifNoneMatch: string): Promise<StoredObject | undefined | 'not-modified'>;
  /** A write that succeeded and whose answer was lost on the way has succeeded: who implements this knows its own write
   * again.
   * @throws DomainError `precondition-failed` when the condition does not hold, and when another write of the key is
   * under way */
  put(key: string, body: Uint8Array, condition?: WriteCondition): Promise<{ readonly etag: string }>;
  /** Keys with this prefix, in order, starting after `after`. */
  list(prefix: string, after?: string): AsyncIterable<string>;
  delete(key: string): Promise<void>;
  /** Waits before a write that met another writer is tried again, for as long as writers to this store need to get out
   * of each other's way; `attempt` counts from 0. */
  pause(attempt: number): Promise<void>;
}
