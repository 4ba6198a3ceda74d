// ListObjectsV2 over a bucket's index: prefix, delimiter, start-after, continuation, in UTF-8 byte order. Everything
// under a common prefix is stepped over by one binary search, so a folder of 100,000 keys costs what one key costs.

import { compareUtf8, type IndexEntry, type KeyIndex } from './key-index.ts';
import { S3Error } from './s3-error.ts';

const pageLimit = 1000;

export interface ListQuery {
  readonly prefix: string;
  readonly delimiter: string | undefined;
  readonly startAfter: string | undefined;
  readonly continuationToken: string | undefined;
  /** 0 to 1,000; more counts as 1,000. */
  readonly maxKeys: number;
}

export interface ListPage {
  readonly contents: readonly IndexEntry[];
  readonly commonPrefixes: readonly string[];
  /** Absent on the last page. */
  readonly nextContinuationToken: string | undefined;
}

/** @throws S3Error `InvalidArgument` for a token that this endpoint did not make. */
export function listPage(index: KeyIndex, query: ListQuery): ListPage {
  const { prefix, delimiter } = query;
  const limit = Math.min(query.maxKeys, pageLimit);
  const contents: IndexEntry[] = [];
  const commonPrefixes: string[] = [];
  let position = startPosition(index, query);
  let last = '';
  while (position < index.size) {
    const entry = index.at(position);
    if (!entry.key.startsWith(prefix)) break;
    if (contents.length + commonPrefixes.length >= limit) {
      const nextContinuationToken = limit === 0 ? undefined : Buffer.from(last).toString('base64url');
      return { contents, commonPrefixes, nextContinuationToken };
    }
    const cut = delimiter === undefined ? -1 : entry.key.indexOf(delimiter, prefix.length);
    if (delimiter === undefined || cut === -1) {
      contents.push(entry);
      last = `k${entry.key}`;
      position++;
    } else {
      const common = entry.key.slice(0, cut + delimiter.length);
      commonPrefixes.push(common);
      last = `p${common}`;
      position = index.firstPast(common);
    }
  }
  return { contents, commonPrefixes, nextContinuationToken: undefined };
}

function startPosition(index: KeyIndex, query: ListQuery): number {
  const atPrefix = index.firstNotBefore(query.prefix);
  // A continuation token, where there is one, has start-after behind it already.
  if (query.continuationToken !== undefined) return Math.max(atPrefix, afterToken(index, query.continuationToken));
  if (query.startAfter === undefined || compareUtf8(query.startAfter, query.prefix) < 0) return atPrefix;
  return Math.max(atPrefix, index.firstAfter(query.startAfter));
}

function afterToken(index: KeyIndex, token: string): number {
  const bytes = Buffer.from(token, 'base64url');
  const text = bytes.toString('utf8');
  const whole = bytes.toString('base64url') === token && Buffer.from(text).equals(bytes);
  if (whole && text.startsWith('k')) return index.firstAfter(text.slice(1));
  if (whole && text.startsWith('p')) return index.firstPast(text.slice(1));
  throw new S3Error('InvalidArgument', 'The continuation token provided is incorrect', {
    ArgumentName: 'continuation-token',
  });
}
