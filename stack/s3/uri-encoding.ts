// The two URL encodings that S3 uses: RFC 3986 as in signatures, and the form encoding ('+' for a space) of keys in
// events and in lists with `encoding-type=url`. Decoding is strict: damaged escapes and invalid UTF-8 are refused.

import { S3Error } from './s3-error.ts';

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Every byte but the unreserved ones (A–Z a–z 0–9 - . _ ~) as %XX, upper case; AWS's UriEncode. */
export function encodeRfc3986(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** As AWS writes keys in events: slashes stay, a space is '+', the rest as application/x-www-form-urlencoded. */
export function encodeKeyAsForm(key: string): string {
  return encodeRfc3986(key).replaceAll('%2F', '/').replaceAll('%2A', '*').replaceAll('~', '%7E').replaceAll('%20', '+');
}

/** @throws S3Error `InvalidURI` where the escapes are damaged or the bytes are not UTF-8. */
export function decodePercent(text: string): string {
  if (!text.includes('%')) {
    // The request line reaches us as Latin-1: anything beyond ASCII was not escaped, as RFC 3986 demands.
    return decodeBytes(Buffer.from(text, 'latin1'));
  }
  const bytes: number[] = [];
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (char !== 0x25) {
      bytes.push(char & 0xff);
      continue;
    }
    const hex = text.slice(at + 1, at + 3);
    if (!/^[0-9a-fA-F]{2}$/.test(hex)) throw new S3Error('InvalidURI', `Couldn't parse the specified URI: '%${hex}'.`);
    bytes.push(Number.parseInt(hex, 16));
    at += 2;
  }
  return decodeBytes(Uint8Array.from(bytes));
}

function decodeBytes(bytes: Uint8Array): string {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    throw new S3Error('InvalidURI', "Couldn't parse the specified URI: it is not UTF-8.");
  }
}
