// The Range header of a GET: one range of bytes. Anything else that is not plainly a byte range is ignored and the
// whole object is sent, as RFC 9110 (section 14.2) allows and S3 does.

import { S3Error } from './s3-error.ts';

/** Both inclusive. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/** @throws S3Error `InvalidRange` where no byte of the object is in the range. */
export function readRange(header: string | undefined, sizeBytes: number): ByteRange | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '');
  if (match === null) return undefined;
  const [from, to] = [match[1]!, match[2]!];
  if (from === '' && to === '') return undefined;
  if (from === '') {
    const count = Math.min(Number(to), sizeBytes);
    if (count === 0) throw unsatisfiable(header!, sizeBytes);
    return { first: sizeBytes - count, last: sizeBytes - 1 };
  }
  const first = Number(from);
  const last = to === '' ? sizeBytes - 1 : Math.min(Number(to), sizeBytes - 1);
  if (to !== '' && Number(to) < first) return undefined;
  if (first >= sizeBytes) throw unsatisfiable(header!, sizeBytes);
  return { first, last };
}

function unsatisfiable(header: string, sizeBytes: number): S3Error {
  return new S3Error('InvalidRange', 'The requested range is not satisfiable', {
    RangeRequested: header,
    ActualObjectSize: String(sizeBytes),
  });
}
