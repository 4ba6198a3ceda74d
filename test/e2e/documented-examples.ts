// Sends the examples of the OpenAPI document to a running service, one after another, and compares what comes with what
// is documented: status and shape, since ids, times and latencies are of the run. Ids that an earlier answer gave are
// used in later requests as the document uses its own. With SUGARBUSH_RECORD_EXAMPLES=1 in the environment it writes
// them anew.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { z } from 'zod';
import { apiClient } from '#client/client.ts';
import { noRetries } from '#client/retry.ts';
import { type Example, examples } from '#contract/examples.ts';
import { operations } from '#contract/operations.ts';
import { problemSchema } from '#contract/problem.ts';
import { filledPath, type RouteId, routes } from '#contract/routes.ts';

export interface ServiceToAsk {
  readonly api: string;
  readonly reader: string;
  readonly operator: string;
}

const isRecording = process.env['SUGARBUSH_RECORD_EXAMPLES'] === '1';
const profile = gzipSync(readFileSync(new URL('../fixtures/profiles/raspberry-pi-5.json', import.meta.url)));
const announced = { sizeBytes: profile.length, sha256: createHash('sha256').update(profile).digest('hex') };

/** @returns what differs, a line each; nothing when it was recorded */
export async function replayExamples({ api, reader, operator }: ServiceToAsk): Promise<string[]> {
  const differences: string[] = [];
  const recorded: Example[] = [];
  /** From the document's words to this run's. */
  const known = new Map<string, string>();
  let device = '';
  const tokenOf = (id: RouteId): string | undefined => {
    const access: string | readonly string[] = routes[id].access;
    if (access === 'public') return undefined;
    return access.includes('reader') ? reader : access.includes('operator') ? operator : device;
  };

  for (const example of examples) {
    const { operation: id, status: wantedStatus, reply: wanted } = example;
    const request = translated(example.request, known) as Example['request'];
    if (id === 'registerUpload') Object.assign(request.body!, announced);
    const { status, reply } = await send(api, tokenOf(id), id, request);
    const schema: z.ZodType = status < 400 ? operations[id].reply : problemSchema;
    const page = 'media' in operations[id] || id === 'openapi';
    if (!page) schema.parse(reply);
    if (status !== wantedStatus)
      differences.push(`${id}: ${status} instead of ${wantedStatus}: ${JSON.stringify(reply)}`);
    else if (!page && !isRecording) differences.push(...shapeDifferences(wanted, reply, id));
    learn(wanted, reply, known);
    recorded.push({ operation: id, request, status, ...(!page && { reply: shortened(reply) }) });
    if (id === 'enrolDevice') device = (reply as { token: string }).token;
    if (id === 'registerUpload')
      await putProfile(api, device, reply as { uploadId: string; url: string; headers: object });
  }
  if (isRecording && differences.length === 0) record(recorded);
  return differences;
}

async function send(api: string, token: string | undefined, id: RouteId, request: Example['request']) {
  const query = new URLSearchParams(
    Object.entries(request.query ?? {}).map(([name, value]): [string, string] => [name, String(value)]),
  );
  const response = await fetch(`${api}${filledPath(id, request.path ?? {})}${query.size === 0 ? '' : `?${query}`}`, {
    method: routes[id].method,
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(request.idempotencyKey !== undefined && { 'idempotency-key': request.idempotencyKey }),
      ...(request.body && { 'content-type': 'application/json' }),
    },
    ...(request.body && { body: JSON.stringify(request.body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json');
  return { status: response.status, reply: (isJson ? JSON.parse(text) : text) as unknown };
}

/** What a device does next, and it waits until the profile has its verdict. */
async function putProfile(api: string, token: string, place: { uploadId: string; url: string; headers: object }) {
  const client = apiClient({ api, operations, token, retry: noRetries, strict: true });
  await client.putUpload({ url: place.url, headers: { ...place.headers } }, profile);
  while ((await client.call('showUpload', { path: { id: place.uploadId } })).status === 'waiting') await sleep(100);
}

/** Each text in it that is known to be another one in this run. */
function translated(value: unknown, known: ReadonlyMap<string, string>): unknown {
  if (typeof value === 'string') return known.get(value) ?? value;
  if (Array.isArray(value)) return value.map((each) => translated(each, known));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, translated(each, known)]));
}

/** Texts at the same place in both. */
function learn(documented: unknown, answered: unknown, known: Map<string, string>): void {
  if (typeof documented === 'string' && typeof answered === 'string') {
    if (documented.length >= 8 && documented !== answered && !known.has(documented)) known.set(documented, answered);
  } else if (typeof documented === 'object' && typeof answered === 'object' && documented && answered) {
    for (const [key, value] of Object.entries(documented))
      learn(value, (answered as Record<string, unknown>)[key], known);
  }
}

/** How far a run is depends on the moment: what stands in one step and not yet in another. */
const momentary = /^\w+\/(steps\/\d+|run|runs\/\d+)\/\w+$/;

function shapeDifferences(documented: unknown, answered: unknown, path: string): string[] {
  if (documented === null || answered === null) return [];
  if (typeof documented !== 'object' || typeof answered !== 'object') {
    return typeof documented === typeof answered ? [] : [`${path}: ${typeof answered} instead of ${typeof documented}`];
  }
  const [these, those] = [documented, answered] as Record<string, unknown>[];
  if (Array.isArray(documented)) {
    const both = Math.min(documented.length, (answered as unknown[]).length);
    const isEmpty = documented.length > 0 && both === 0 ? [`${path} is empty`] : [];
    return [
      ...isEmpty,
      ...Array.from({ length: both }, (_, i) => shapeDifferences(these![i], those![i], `${path}/${i}`)).flat(),
    ];
  }
  return [...new Set([...Object.keys(these!), ...Object.keys(those!)])].flatMap((key) => {
    const at = `${path}/${key}`;
    if (key in these! && key in those!) return shapeDifferences(these![key], those![key], at);
    return momentary.test(at) ? [] : [`${at} is ${key in those! ? 'not documented' : 'documented only'}`];
  });
}

/** Lists of hundreds of numbers show nothing that the first ones do not. */
function shortened(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 4).map(shortened);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, shortened(each)]));
}

function record(recorded: readonly Example[]): void {
  const file = new URL('../../contract/examples.json', import.meta.url);
  const text = JSON.stringify(recorded, null, 2)
    .replaceAll(/(sb_[0-9a-f]{16}_)[A-Za-z0-9_-]{43}/g, (_, start: string) => start + 'x'.repeat(43))
    .replaceAll(/(X-Amz-(?:Signature|Credential)=)[^&"]*/g, '$1xxxxxxxx');
  writeFileSync(file, `${text}\n`);
}
