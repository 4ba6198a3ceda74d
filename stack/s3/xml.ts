// S3's XML, both ways: answers by fast-xml-parser's builder, the one request body we take (Delete) by its parser.
// Entities are handled here, because keys may hold characters that XML can only carry as numeric references.

import { XMLBuilder, XMLParser } from 'fast-xml-parser';
import { S3Error } from './s3-error.ts';

/** A string is text, an array repeats its element, undefined leaves it out. */
export interface XmlElement {
  readonly [name: string]: string | XmlElement | readonly (string | XmlElement)[] | undefined;
}

const builder = new XMLBuilder({ format: false, processEntities: false, suppressEmptyNode: false });
const parser = new XMLParser({
  ignoreAttributes: true,
  parseTagValue: false,
  trimValues: false,
  processEntities: false,
  isArray: (name) => name === 'Object',
});

export function renderXml(root: string, content: XmlElement, namespace = true): string {
  const body: string = builder.build(escapeAll(content));
  const attribute = namespace ? ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"' : '';
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root}${attribute}>${body}</${root}>`;
}

function escapeAll(content: XmlElement): Record<string, unknown> {
  const escaped: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(content)) {
    if (value === undefined) continue;
    if (Array.isArray(value)) escaped[name] = value.map(escapeValue);
    else escaped[name] = escapeValue(value as string | XmlElement);
  }
  return escaped;
}

function escapeValue(value: string | XmlElement): unknown {
  return typeof value === 'string' ? escapeText(value) : escapeAll(value);
}

const named: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escapeText(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: keys may hold them, and XML has no other way to carry them
  return text.replace(/[&<>"\u0000-\u001f\u007f-\u009f\u2028\ufffe\uffff]/g, (char) => {
    return named[char] ?? `&#x${char.charCodeAt(0).toString(16).toUpperCase()};`;
  });
}

const characters: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescapeText(text: string): string {
  const damaged = /&(?!#x[0-9a-fA-F]{1,6};|#[0-9]{1,7};|(?:amp|lt|gt|quot|apos);)/.test(text);
  if (damaged) throw malformedXml();
  return text.replace(
    /&(?:#x([0-9a-fA-F]+)|#([0-9]+)|([a-z]+));/g,
    (_, hex?: string, decimal?: string, name?: string) => {
      if (name !== undefined) return characters[name]!;
      const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
      if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) throw malformedXml();
      return String.fromCodePoint(code);
    },
  );
}

export interface DeleteEntry {
  readonly key: string;
  readonly etag: string | undefined;
}

const maxDeleteEntries = 1000;

/** @throws S3Error `MalformedXML`, also for more than 1,000 objects and for elements we do not know. */
export function parseDelete(bytes: Buffer): { readonly quiet: boolean; readonly objects: readonly DeleteEntry[] } {
  const text = bytes.toString('utf8');
  // No document type: nothing legitimate declares one here, and entity definitions are an attack.
  if (text.includes('<!') || !Buffer.from(text).equals(bytes)) throw malformedXml();
  let root: unknown;
  try {
    root = parser.parse(text, true);
  } catch {
    throw malformedXml();
  }
  const document = children(root, ['?xml', 'Delete']);
  const content = children(document['Delete'], ['Object', 'Quiet']);
  const objects = content['Object'];
  if (!Array.isArray(objects) || objects.length === 0 || objects.length > maxDeleteEntries) throw malformedXml();
  return {
    quiet: content['Quiet'] === 'true',
    objects: objects.map((object: unknown) => {
      const { Key: key, ETag: etag } = children(object, ['Key', 'ETag']);
      if (typeof key !== 'string' || key === '') throw malformedXml();
      if (etag !== undefined && typeof etag !== 'string') throw malformedXml();
      return { key: unescapeText(key), etag: etag === undefined ? undefined : unescapeText(etag) };
    }),
  };
}

/** The child elements of a parsed element; white space between them does not count. */
function children(element: unknown, allowed: readonly string[]): Record<string, unknown> {
  if (typeof element !== 'object' || element === null || Array.isArray(element)) throw malformedXml();
  const { '#text': text, ...rest } = element as Record<string, unknown>;
  if (typeof text === 'string' && text.trim() !== '') throw malformedXml();
  if (Object.keys(rest).some((name) => !allowed.includes(name))) throw malformedXml();
  return rest;
}

function malformedXml(): S3Error {
  return new S3Error(
    'MalformedXML',
    'The XML you provided was not well-formed or did not validate against our published schema',
  );
}
