// The text of a table from the bytes of its file, whatever the file is called: plain or gzip, UTF-8 or UTF-16, with or
// without a byte order mark. What is something else is named, and none of it is shown.
import { gunzipSync } from 'node:zlib';
import { invalidTable } from './invalid-table.ts';

/** Longest text, bytes. The largest table of the project has 2 MB. */
const mostBytes = 2 ** 28;
/** How much is looked at to tell UTF-16 from UTF-8, bytes. */
const sampled = 512;

/** Kinds of file by their first bytes, hex. */
const otherKinds: readonly (readonly [string, string])[] = [
  ['504b0304', 'an Excel workbook or a zip archive'],
  ['d0cf11e0', 'an Excel workbook'],
  ['50415231', 'Parquet'],
  ['425a68', 'bzip2'],
  ['fd377a585a', 'xz'],
  ['28b52ffd', 'Zstandard'],
  ['377abcaf', 'a 7z archive'],
  ['894844460d', 'HDF5'],
  ['fffe0000', 'UTF-32'],
  ['0000feff', 'UTF-32'],
];
const accepted = 'accepted: CSV text in UTF-8 or UTF-16, plain or gzip';

/**
 * The text of a table's file, without a byte order mark.
 * @param file its name, for messages
 * @throws DomainError `invalid-table` for what is no text, with row and field where there are some
 */
export function tableText(bytes: Uint8Array, file: string): string {
  const plain = bytes[0] === 0x1f && bytes[1] === 0x8b ? unpacked(bytes, file) : bytes;
  const start = Buffer.from(plain.subarray(0, 8)).toString('hex');
  const other = otherKinds.find(([mark]) => start.startsWith(mark));
  if (other) throw invalidTable(file, undefined, undefined, `this is ${other[1]}; ${accepted}`);
  const encoding = encodingOf(plain);
  const text = new TextDecoder(encoding).decode(plain);
  const strange = /[^\P{Cc}\s\u0080-\u009f]/u.exec(text);
  if (strange) throw unreadable(file, placeOf(text, strange.index), 'a control character, as no text has');
  if (!isWhole(plain, encoding)) {
    throw unreadable(file, placeOf(text, text.indexOf('\ufffd')), `a character that is not ${encoding.toUpperCase()}`);
  }
  return text;
}

function unpacked(bytes: Uint8Array, file: string): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: mostBytes });
  } catch (cause) {
    const tooLong = (cause as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE';
    const reason = tooLong ? `it unpacks to more than ${mostBytes} bytes` : 'it is cut off or damaged';
    throw invalidTable(file, undefined, undefined, `gzip that cannot be read: ${reason}; ${accepted}`, cause);
  }
}

function encodingOf(bytes: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  const start = bytes.subarray(0, sampled);
  const zeros = [0, 1].map((parity) => start.filter((byte, at) => byte === 0 && at % 2 === parity).length);
  // In Latin letters every other byte of UTF-16 is zero, and no byte of UTF-8.
  if (zeros[1]! > 0.3 * start.length) return 'utf-16le';
  return zeros[0]! > 0.3 * start.length ? 'utf-16be' : 'utf-8';
}

function isWhole(bytes: Uint8Array, encoding: string): boolean {
  try {
    new TextDecoder(encoding, { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

interface Place {
  /** From 1. */
  readonly row: number;
  /** From 1, by whatever separates them. */
  readonly field: number;
}

function placeOf(text: string, at: number): Place {
  const before = text.slice(0, at).split(/\r\n?|\n/);
  return { row: before.length, field: before.at(-1)!.split(/[,;\t]/).length };
}

const unreadable = (file: string, { row, field }: Place, what: string) =>
  invalidTable(file, row, undefined, `field ${field} has ${what}; ${accepted}`);
