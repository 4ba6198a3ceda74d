import type { S3EventRecord } from 'aws-lambda';
import { describe, expect, test } from 'vitest';
import { deliverRecord, subscribersOf } from '#stack/events.ts';
import type { NotificationPlan } from '#stack/template/plan-notifications.ts';

const record = (key: string, eventName = 'ObjectCreated:Put', name = 'uploads') =>
  ({ eventName, s3: { bucket: { name }, object: { key } } }) as S3EventRecord;

const notification = (more: Partial<NotificationPlan> = {}): NotificationPlan => ({
  bucket: 'uploads',
  functionArn: 'ingest',
  events: ['s3:ObjectCreated:*'],
  prefix: 'incoming/',
  suffix: '.gz',
  ...more,
});

describe('a notification meets', () => {
  test.each<[string, S3EventRecord, Partial<NotificationPlan>, boolean]>([
    ['a key with prefix and suffix', record('incoming/a.gz'), {}, true],
    ['a key as S3 encodes it in events', record('incoming/d+%C3%A9%2B.gz'), { prefix: 'incoming/d é+' }, true],
    ['not another prefix', record('outgoing/a.gz'), {}, false],
    ['not another suffix', record('incoming/a.txt'), {}, false],
    ['not another bucket', record('incoming/a.gz', 'ObjectCreated:Put', 'data'), {}, false],
    ['not a removal', record('incoming/a.gz', 'ObjectRemoved:Delete'), {}, false],
    ['one event by its name', record('incoming/a.gz'), { events: ['s3:ObjectCreated:Put'] }, true],
    [
      'not another event of the kind',
      record('incoming/a.gz', 'ObjectCreated:Copy'),
      { events: ['s3:ObjectCreated:Put'] },
      false,
    ],
  ])('%s', (_, given, more, expected) => {
    expect(subscribersOf([notification(more)], given)).toEqual(expected ? ['ingest'] : []);
  });
});

test('a record goes to every subscriber as often as asked, and its delivery fails when one of them does', async () => {
  const two = [notification(), notification({ functionArn: 'audit' })];
  const calls: string[] = [];
  await deliverRecord(two, record('incoming/a.gz'), 2, async (arn, { Records }) => {
    calls.push(`${arn} ${Records.length}`);
  });
  expect(calls.sort()).toEqual(['audit 1', 'audit 1', 'ingest 1', 'ingest 1']);
  const failing = deliverRecord(two, record('incoming/a.gz'), 1, async (arn) => {
    if (arn === 'audit') throw new Error('closing');
  });
  await expect(failing).rejects.toThrow('closing');
});
