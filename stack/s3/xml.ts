// S3's XML, of answers: no request that is taken here has a body of XML.
// Entities are handled here, because keys may hold characters that XML can only carry as numeric references.

import { XMLBuilder } from 'fast-xml-parser';

/** A string is text, an array repeats its element, undefined leaves it out. */
export interface XmlElement {
  readonly [name: string]: string | XmlElement | readonly (string | XmlElement)[] | undefined;
}

const builder = new XMLBuilder({ format: false, processEntities: false, suppressEmptyNode: false });
/** An XML document of nested elements, their text escaped. */
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
