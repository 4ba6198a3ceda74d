// S3 event records, and their at-least-once delivery to one consumer in this process. A record counts as delivered when
// the consumer's promise resolves. A small file remembers up to where that is so; after a kill, the writes beyond it
// are told again, from the objects themselves. Source of the form: Amazon S3 User Guide, "Event message structure".

import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { S3EventRecord } from 'aws-lambda';
import * as z from 'zod';
import { isDiskFull, sayDiskFull } from '../full-disk.ts';
import type { IndexEntry } from './key-index.ts';
import { encodeKeyAsForm } from './uri-encoding.ts';

const saveAfterMs = 250;
const noSequence = '0'.repeat(18);
const progressSchema = z.strictObject({ deliveredThrough: z.string().regex(/^[0-9A-F]{18}$/) });

export type EventConsumer = (record: S3EventRecord) => void | Promise<void>;

export interface EventSource {
  readonly requestId: string;
  readonly id2: string;
  readonly sourceAddress: string;
}

export interface EventSubject {
  readonly eventName: 'ObjectCreated:Put' | 'ObjectRemoved:Delete';
  readonly bucket: string;
  readonly key: string;
  readonly timeMs: number;
  readonly sequencer: string;
  /** Absent for removals, as AWS leaves both out. */
  readonly object: { readonly sizeBytes: number; readonly etag: string } | undefined;
}

/** The record of an event as S3 sends it; of a removed object without size and etag. */
export function eventRecord(subject: EventSubject, source: EventSource, region: string): S3EventRecord {
  const { bucket, object, sequencer } = subject;
  const described = object === undefined ? {} : { size: object.sizeBytes, eTag: object.etag };
  return {
    eventVersion: '2.1',
    eventSource: 'aws:s3',
    awsRegion: region,
    eventTime: new Date(subject.timeMs).toISOString(),
    eventName: subject.eventName,
    userIdentity: { principalId: 'EMBEDDED' },
    requestParameters: { sourceIPAddress: source.sourceAddress },
    responseElements: { 'x-amz-request-id': source.requestId, 'x-amz-id-2': source.id2 },
    s3: {
      s3SchemaVersion: '1.0',
      configurationId: 'embedded',
      bucket: { name: bucket, ownerIdentity: { principalId: 'EMBEDDED' }, arn: `arn:aws:s3:::${bucket}` },
      // AWS's types call size and eTag required; AWS itself leaves them out of removals.
      object: { key: encodeKeyAsForm(subject.key), ...described, sequencer } as S3EventRecord['s3']['object'],
    },
  };
}

export class EventFeed {
  readonly #consumer: EventConsumer;
  readonly #region: string;
  readonly #file: string;
  readonly #pending = new Set<string>();
  readonly #running = new Set<Promise<void>>();
  /** What an earlier process left undelivered, until `redeliver` takes it up. */
  #left: readonly EventSubject[];
  #newestSequencer: string;
  #saved: string;
  #saveTimer: NodeJS.Timeout | undefined;

  /** `objects` are all that the store holds now. */
  constructor(folder: string, region: string, consumer: EventConsumer, objects: Iterable<[string, IndexEntry]>) {
    this.#consumer = consumer;
    this.#region = region;
    this.#file = join(folder, 'events.json');
    this.#saved = readProgress(this.#file);
    this.#newestSequencer = this.#saved;
    const left: EventSubject[] = [];
    for (const [bucket, entry] of objects) {
      if (entry.sequencer <= this.#saved) continue;
      left.push(subjectOf(bucket, entry));
      this.#pending.add(entry.sequencer);
    }
    this.#left = left.sort((first, second) => (first.sequencer < second.sequencer ? -1 : 1));
  }

  /** Tells again what an earlier process did not deliver; call it once the consumer is ready. Returns how many. */
  redeliver(): number {
    const left = this.#left;
    this.#left = [];
    const source = { requestId: '0'.repeat(16), id2: 'redelivered', sourceAddress: '127.0.0.1' };
    for (const subject of left) this.emit(subject, source);
    return left.length;
  }

  emit(subject: EventSubject, source: EventSource): void {
    this.#pending.add(subject.sequencer);
    if (subject.sequencer > this.#newestSequencer) this.#newestSequencer = subject.sequencer;
    const run = this.#deliver(subject, source).finally(() => this.#running.delete(run));
    this.#running.add(run);
  }

  /** Waits for the consumer's promises no longer than `graceMs`, then writes down what is delivered. */
  async close(graceMs: number): Promise<void> {
    const grace = new Promise((resolve) => setTimeout(resolve, graceMs).unref());
    await Promise.race([Promise.allSettled([...this.#running]), grace]);
    clearTimeout(this.#saveTimer);
    this.#save();
  }

  async #deliver(subject: EventSubject, source: EventSource): Promise<void> {
    try {
      await this.#consumer(eventRecord(subject, source, this.#region));
    } catch (error) {
      // Stays pending: told again after the next start. A consumer that was told to stop has nothing to report.
      const stopped = error instanceof Error && error.name === 'AbortError';
      if (!stopped)
        console.error(`s3: the consumer of ${subject.eventName} ${subject.bucket}/${subject.key} failed:`, error);
      return;
    }
    this.#pending.delete(subject.sequencer);
    this.#saveTimer ??= setTimeout(() => {
      this.#saveTimer = undefined;
      this.#save();
    }, saveAfterMs).unref();
  }

  /** Just below the oldest pending record, or the newest of all. Losing this file only repeats records. */
  #save(): void {
    let oldest: string | undefined;
    for (const sequencer of this.#pending) if (oldest === undefined || sequencer < oldest) oldest = sequencer;
    const through = oldest === undefined ? this.#newestSequencer : before(oldest);
    if (through <= this.#saved) return;
    try {
      writeFileSync(`${this.#file}.new`, JSON.stringify({ deliveredThrough: through }));
      renameSync(`${this.#file}.new`, this.#file);
      this.#saved = through;
    } catch (error) {
      // The next record that is delivered tries again.
      if (!isDiskFull(error)) throw error;
      sayDiskFull('Events that are delivered now are delivered again after the next start.');
    }
  }
}

function subjectOf(bucket: string, entry: IndexEntry): EventSubject {
  const { key, lastModifiedMs: timeMs, sequencer, sizeBytes, etag } = entry;
  return { eventName: `ObjectCreated:${entry.event}`, bucket, key, timeMs, sequencer, object: { sizeBytes, etag } };
}

function before(sequencer: string): string {
  return (BigInt(`0x${sequencer}`) - 1n).toString(16).toUpperCase().padStart(18, '0');
}

function readProgress(file: string): string {
  try {
    return progressSchema.parse(JSON.parse(readFileSync(file, 'utf8'))).deliveredThrough;
  } catch {
    return noSequence;
  }
}
