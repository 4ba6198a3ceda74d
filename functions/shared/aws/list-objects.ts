// The objects of a bucket, page by page (S3's ListObjectsV2), read from its XML. The answer is S3's own and flat, so
// that no XML parser is needed; keys of this service hold no control characters.
import type { S3Client } from './s3-client.ts';

export interface ListedObject {
  readonly key: string;
  readonly sizeBytes: number;
  /** When it was written, ms since 1970. */
  readonly modifiedAtMs: number;
}

export interface ObjectPage {
  readonly objects: readonly ListedObject[];
  /** What asks for the next page; undefined on the last. */
  readonly continuation: string | undefined;
}

/** The objects whose keys begin with `prefix`, in the order of the keys, after the key `after`. Rejects with
 * AwsServiceError, and with a DeadlineError where a page takes too long. */
export async function* listObjects(
  client: S3Client,
  { bucket, prefix, after }: { readonly bucket: string; readonly prefix: string; readonly after?: string | undefined },
): AsyncGenerator<ListedObject> {
  let place: Readonly<Record<string, string>> | undefined = after === undefined ? {} : { 'start-after': after };
  while (place !== undefined) {
    const query: Record<string, string> = { 'list-type': '2', prefix, ...place };
    const page = readObjectPage((await client.send({ method: 'GET', bucket, query })).body);
    yield* page.objects;
    place = page.continuation === undefined ? undefined : { 'continuation-token': page.continuation };
  }
}

/** @throws Error when it is not such a page */
export function readObjectPage(body: Uint8Array): ObjectPage {
  const text = new TextDecoder('utf-8', { fatal: true }).decode(body);
  const truncated = contentOf(text, 'IsTruncated');
  const continuation = contentOf(text, 'NextContinuationToken');
  if (truncated === undefined || (truncated === 'true' && continuation === undefined)) {
    throw new Error(`not a page of ListObjectsV2: ${text.slice(0, 200)}`);
  }
  const objects = Array.from(text.matchAll(/<Contents>(.*?)<\/Contents>/gs), ([, entry]) => ({
    key: contentOf(entry!, 'Key')!,
    sizeBytes: Number(contentOf(entry!, 'Size')),
    modifiedAtMs: Date.parse(contentOf(entry!, 'LastModified')!),
  }));
  return { objects, continuation: truncated === 'true' ? continuation : undefined };
}

function contentOf(text: string, element: string): string | undefined {
  const start = text.indexOf(`<${element}>`);
  const end = text.indexOf(`</${element}>`, start);
  return start < 0 || end < 0 ? undefined : unescaped(text.slice(start + element.length + 2, end));
}

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** The five named entities and numbered characters. */
function unescaped(text: string): string {
  return text.replace(
    /&(?:#x([0-9a-f]+)|#(\d+)|(amp|lt|gt|quot|apos));/gi,
    (_, hex?: string, dec?: string, name?: string) =>
      name === undefined
        ? String.fromCodePoint(hex === undefined ? Number(dec) : Number.parseInt(hex, 16))
        : named[name.toLowerCase()]!,
  );
}
