// What an operation is given and what it gives back, apart from HTTP's mechanics.

import type { FileHandle } from 'node:fs/promises';
import type { Authentication } from './authentication.ts';
import type { BodyLimits, IncomingBody } from './body.ts';
import type { EventFeed, EventSource } from './event-feed.ts';
import type { ObjectStore } from './object-store.ts';
import type { S3Request } from './request.ts';

export interface S3Service {
  readonly store: ObjectStore;
  readonly limits: BodyLimits;
  /** Absent where nobody listens to events. */
  readonly feed: EventFeed | undefined;
}

export interface Exchange {
  readonly request: S3Request;
  readonly authentication: Authentication;
  readonly body: IncomingBody;
  readonly source: EventSource;
}

/** The first `lengthBytes` of an open file; whoever sends them closes it. */
export interface FileBytes {
  readonly handle: FileHandle;
  readonly lengthBytes: number;
  /** Hex MD5 that these bytes had when they were stored. */
  readonly md5: string;
  /** For messages: `{bucket}/{key}`. */
  readonly name: string;
}

export interface S3Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly xml?: string;
  readonly file?: FileBytes;
}
