// Lists against a slow model that knows nothing of binary search, and the order of keys against their UTF-8 bytes.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareUtf8, type IndexEntry, KeyIndex } from '#stack/s3/key-index.ts';
import { listPage } from '#stack/s3/list.ts';

const entry = (key: string): IndexEntry => ({
  key,
  sizeBytes: 0,
  etag: '',
  lastModifiedMs: 0,
  sequencer: '0',
  checksumAlgorithm: undefined,
  event: 'Put',
});

/** Few letters, so that prefixes and delimiters meet often; among them both sides of the UTF-16 surprise. */
const key = fc
  .array(fc.constantFrom('a', 'b', '/', '\uff5e', '🍁', 'é'), { minLength: 1, maxLength: 6 })
  .map((parts) => parts.join(''));

function modelList(
  keys: readonly string[],
  prefix: string,
  delimiter: string | undefined,
  startAfter: string | undefined,
): string[] {
  const sorted = [...new Set(keys)].sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
  const after = sorted.filter(
    (k) => startAfter === undefined || Buffer.compare(Buffer.from(k), Buffer.from(startAfter)) > 0,
  );
  const shown = after
    .filter((k) => k.startsWith(prefix))
    .map((k) => {
      const cut = delimiter === undefined ? -1 : k.indexOf(delimiter, prefix.length);
      return cut === -1 ? `key ${k}` : `prefix ${k.slice(0, cut + delimiter!.length)}`;
    });
  return [...new Set(shown)];
}

function pagedList(
  index: KeyIndex,
  prefix: string,
  delimiter: string | undefined,
  startAfter: string | undefined,
  maxKeys: number,
): string[] {
  const shown: string[] = [];
  let continuationToken: string | undefined;
  do {
    const page = listPage(index, { prefix, delimiter, startAfter, continuationToken, maxKeys });
    const onPage = [
      ...page.contents.map((found) => ({ text: found.key, label: `key ${found.key}` })),
      ...page.commonPrefixes.map((text) => ({ text, label: `prefix ${text}` })),
    ];
    expect(onPage.length).toBeLessThanOrEqual(maxKeys);
    shown.push(...onPage.sort((left, right) => compareUtf8(left.text, right.text)).map(({ label }) => label));
    continuationToken = page.nextContinuationToken;
  } while (continuationToken !== undefined);
  return shown;
}

describe('lists', () => {
  it('agree with the model, whatever the page size', () => {
    fc.assert(
      fc.property(
        fc.array(key, { maxLength: 30 }),
        fc.option(key, { nil: '' }),
        fc.option(fc.constantFrom('/', 'a', '//', '🍁'), { nil: undefined }),
        fc.option(key, { nil: undefined }),
        fc.integer({ min: 1, max: 5 }),
        (keys, prefix, delimiter, startAfter, maxKeys) => {
          const index = new KeyIndex();
          for (const each of keys) index.set(entry(each));
          expect(pagedList(index, prefix, delimiter, startAfter, maxKeys)).toEqual(
            modelList(keys, prefix, delimiter, startAfter),
          );
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('keep the same order, however the index was filled', () => {
    fc.assert(
      fc.property(fc.array(key), fc.array(key), (keys, gone) => {
        const bulk = KeyIndex.from(keys.filter((each) => !gone.includes(each)).map(entry));
        const single = new KeyIndex();
        for (const each of keys) single.set(entry(each));
        for (const each of gone) single.delete(each);
        const all = (index: KeyIndex) => Array.from({ length: index.size }, (_, at) => index.at(at).key);
        expect(all(single)).toEqual(all(bulk));
      }),
    );
  });

  it('order any texts as their UTF-8 bytes', () => {
    const text = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(text, text, (left, right) => {
        expect(Math.sign(compareUtf8(left, right))).toBe(Buffer.compare(Buffer.from(left), Buffer.from(right)));
      }),
    );
    expect(compareUtf8('\uff5e', '🍁')).toBeLessThan(0);
  });

  it('show nothing and no next page for zero keys', () => {
    const index = KeyIndex.from([entry('a')]);
    const page = listPage(index, {
      prefix: '',
      delimiter: undefined,
      startAfter: undefined,
      continuationToken: undefined,
      maxKeys: 0,
    });
    expect(page).toEqual({ contents: [], commonPrefixes: [], nextContinuationToken: undefined });
  });
});
