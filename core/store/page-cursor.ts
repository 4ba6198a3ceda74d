// Paging over keys. The cursor is opaque to callers: the last key of the page before, with the list it belongs to, so
// that a cursor of one list is refused by another.
import * as z from 'zod';
import { DomainError } from '#core/errors.ts';

const cursorSchema = z.strictObject({ list: z.string(), after: z.string() });

/** An opaque text by which the next page of a list goes on after a key. */
export function encodeCursor(list: string, after: string): string {
  return Buffer.from(JSON.stringify({ list, after })).toString('base64url');
}

/** The key to go on after. @param prefix of the keys, where the list has filters in its name beside it @throws
 * DomainError `invalid-request` for anything but a cursor of this list. */
export function decodeCursor(list: string, cursor: string, prefix = list): string {
  try {
    const parsed = cursorSchema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
    if (parsed.list === list && parsed.after.startsWith(prefix)) return parsed.after;
  } catch {}
  const message = 'not a cursor of this list; use nextCursor of the page before with the same filters';
  throw new DomainError('invalid-request', `cursor: ${message}`, { issues: [{ path: 'cursor', message }] });
}
