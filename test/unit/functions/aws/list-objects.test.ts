import { expect, test } from 'vitest';
import { readObjectPage } from '#functions/shared/aws/list-objects.ts';

const page = (inner: string): Uint8Array =>
  new TextEncoder().encode(
    `<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">` +
      `<Name>b</Name><Prefix>a/</Prefix><MaxKeys>1000</MaxKeys>${inner}</ListBucketResult>`,
  );
const contents = (key: string): string =>
  `<Contents><Key>${key}</Key><LastModified>2026-01-02T03:04:05.678Z</LastModified><ETag>&quot;e&quot;</ETag>` +
  '<Size>17</Size><StorageClass>STANDARD</StorageClass></Contents>';

test('keys in their order, with entities read', () => {
  const keys = ['a/1', 'a/&amp;amp;', 'a/&lt;x&gt; &quot;y&quot; &apos;z&apos;', 'a/&#x20AC;&#228;', 'a/ü'];
  const { objects, continuation } = readObjectPage(
    page(`<IsTruncated>false</IsTruncated>${keys.map(contents).join('')}`),
  );
  expect(objects.map(({ key }) => key)).toEqual(['a/1', 'a/&amp;', `a/<x> "y" 'z'`, 'a/€ä', 'a/ü']);
  expect(objects[0]).toEqual({ key: 'a/1', sizeBytes: 17, modifiedAtMs: Date.UTC(2026, 0, 2, 3, 4, 5, 678) });
  expect(continuation).toBeUndefined();
});

test('where the next page begins', () => {
  const body = page(
    `<IsTruncated>true</IsTruncated>${contents('k')}<NextContinuationToken>1&amp;=</NextContinuationToken>`,
  );
  expect(readObjectPage(body)).toMatchObject({ objects: [{ key: 'k' }], continuation: '1&=' });
});

test('what is no such page is refused, so that no list is cut short unseen', () => {
  expect(() => readObjectPage(page(contents('k')))).toThrow('not a page');
  expect(() => readObjectPage(page(`<IsTruncated>true</IsTruncated>${contents('k')}`))).toThrow('not a page');
  expect(() => readObjectPage(new TextEncoder().encode('<html></html>'))).toThrow('not a page');
});
