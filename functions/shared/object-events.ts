// What a bucket's event says, as far as it can be read. S3 sends more than notices of objects: a test event when
// notifications are set, records of later versions, and whatever a person sends by hand. What is no notice of a written
// object never becomes one by trying again, so it is told apart here instead of failing.
import * as z from 'zod';

/** An object that was written, as its notice tells it. */
export interface WrittenObject {
  readonly key: string;
  readonly sizeBytes: number;
}

export interface SkippedNotice {
  /** Where in the event: `Records/3`, or `event` for the whole. */
  readonly path: string;
  readonly reason: string;
}

export interface ObjectEvents {
  /** In the order of the event. */
  readonly objects: readonly WrittenObject[];
  readonly skipped: readonly SkippedNotice[];
}

const testEventSchema = z.object({ Event: z.literal('s3:TestEvent') });
const eventSchema = z.object({ Records: z.array(z.unknown()) });
/** A record, as far as it is used: S3 adds fields in minor versions of its format. */
const recordSchema = z.object({
  eventName: z.string().regex(/^(s3:)?ObjectCreated:/, 'not the writing of an object'),
  s3: z.object({ object: z.object({ key: z.string().min(1), size: z.int().nonnegative() }) }),
});

/** The objects that an event tells of, and what else was in it. Total: never throws, whatever it is given. */
export function objectEvents(event: unknown): ObjectEvents {
  if (testEventSchema.safeParse(event).success) return skippedWhole("S3's test event");
  const parsed = eventSchema.safeParse(event);
  if (!parsed.success) return skippedWhole('not an event of a bucket: it has no list of Records');
  const objects: WrittenObject[] = [];
  const skipped: SkippedNotice[] = [];
  for (const [index, record] of parsed.data.Records.entries()) {
    const read = readRecord(record);
    if (typeof read === 'string') skipped.push({ path: `Records/${index}`, reason: read });
    else objects.push(read);
  }
  return { objects, skipped };
}

const skippedWhole = (reason: string): ObjectEvents => ({ objects: [], skipped: [{ path: 'event', reason }] });

/** The object, or why there is none. */
function readRecord(record: unknown): WrittenObject | string {
  const parsed = recordSchema.safeParse(record);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return `${issue!.path.map(String).join('/') || 'record'}: ${issue!.message}`.slice(0, 200);
  }
  const { key, size } = parsed.data.s3.object;
  try {
    return { key: decodeURIComponent(key.replaceAll('+', ' ')), sizeBytes: size };
  } catch {
    return 's3/object/key: not percent-encoded UTF-8';
  }
}
