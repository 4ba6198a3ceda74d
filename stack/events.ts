// Bucket events to functions: which notification of the template a record meets, and its delivery, at least once.
import type { S3Event, S3EventRecord } from 'aws-lambda';
import type { NotificationPlan } from './template/plan-notifications.ts';

/** Function ARNs that a record goes to. */
export function subscribersOf(notifications: readonly NotificationPlan[], record: S3EventRecord): string[] {
  const key = decodeURIComponent(record.s3.object.key.replaceAll('+', ' '));
  return notifications
    .filter(
      ({ bucket, events, prefix, suffix }) =>
        bucket === record.s3.bucket.name &&
        key.startsWith(prefix) &&
        key.endsWith(suffix) &&
        events.some((event) => matches(event, record.eventName)),
    )
    .map(({ functionArn }) => functionArn);
}

/** `s3:ObjectCreated:*` meets `ObjectCreated:Put`. */
function matches(subscribed: string, eventName: string): boolean {
  const name = subscribed.replace(/^s3:/, '');
  return name.endsWith('*') ? eventName.startsWith(name.slice(0, -1)) : eventName === name;
}

/**
 * Delivers a record to every function that subscribed to it.
 * @param deliveries how often each function gets it: S3 promises at least once, and tests ask for more
 * @returns when every delivery is processed or with a failure destination
 */
export async function deliverRecord(
  notifications: readonly NotificationPlan[],
  record: S3EventRecord,
  deliveries: number,
  invokeAsynchronously: (functionArn: string, event: S3Event) => Promise<void>,
): Promise<void> {
  const calls = subscribersOf(notifications, record).flatMap((functionArn) =>
    Array.from({ length: deliveries }, () => invokeAsynchronously(functionArn, { Records: [record] })),
  );
  const settled = await Promise.allSettled(calls);
  const failed = settled.find((each) => each.status === 'rejected');
  if (failed) throw failed.reason;
}
