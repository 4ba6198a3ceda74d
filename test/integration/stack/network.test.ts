// The embedded stack for others on the network: API and storage under one name, storage for nobody without a signature,
// and a page for browsers.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { homePage } from '#cli/start/home-page.ts';
import { type Stack, startStack } from '#stack/stack.ts';
import { bucket, httpApi, lambda, writeAssembly } from './write-assembly.ts';

// Linux answers on all of 127.0.0.0/8: a second address of this machine, as a board sees one.
const name = process.platform === 'linux' ? '127.0.0.2' : '127.0.0.1';
let folder: string;
let stack: Stack;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sugarbush-network-'));
  const templateDir = writeAssembly(join(folder, 'cdk.out'), {
    Show: lambda('index.showEvent'),
    Data: bucket(),
    ...httpApi({ 'GET /open': { function: 'Show', public: true } }),
  });
  const at = { host: '0.0.0.0', name, homePage };
  stack = await startStack({ stateDir: join(folder, 'state'), port: 0, templateDir, graceMs: 0, ...at });
});
afterAll(async () => {
  await stack?.close();
  rmSync(folder, { recursive: true, force: true });
});

test('API and storage have the name that was given, and answer there', async () => {
  for (const url of [stack.apiUrl, stack.s3Url]) expect(new URL(url).hostname).toBe(name);
  expect((await fetch(`${stack.apiUrl}/open`)).status).toBe(201);
});

test('a presigned PUT goes to that name; without a signature storage refuses', async () => {
  const { s3Url: endpoint, region, credentials } = stack;
  const client = new S3Client({ endpoint, region, credentials, requestChecksumCalculation: 'WHEN_REQUIRED' });
  const object = { Bucket: Object.values(stack.buckets)[0]!, Key: 'a' };
  const url = await getSignedUrl(client, new PutObjectCommand(object), { expiresIn: 60 });
  expect(url.startsWith(`${stack.s3Url}/`)).toBe(true);
  expect((await fetch(url, { method: 'PUT', body: 'x' })).status).toBe(200);
  expect((await fetch(`${stack.s3Url}/${object.Bucket}/a`)).status).toBe(403);
  expect(await (await client.send(new GetObjectCommand(object))).Body!.transformToString()).toBe('x');
});

test('a browser at the address gets a page that says what this is and where to go', async () => {
  const reply = await fetch(`${stack.apiUrl}/`, { headers: { accept: 'text/html' } });
  expect([reply.status, reply.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  expect(reply.headers.get('content-security-policy')).toContain("default-src 'none'");
  const page = await reply.text();
  expect(page).toBe(homePage(stack.apiUrl));
  expect(page).toContain('href="/openapi.json"');
  expect(page).toContain(`curl -s ${stack.apiUrl}/v1/targets`);
  expect(page).not.toMatch(/sb_|<script|(?:src|href)="(?:https?:|\/\/)/);
  const head = await fetch(`${stack.apiUrl}/`, { method: 'HEAD' });
  expect([head.status, head.headers.get('content-length')]).toEqual([200, String(Buffer.byteLength(page))]);
  for (const [path, method] of [
    ['/', 'POST'],
    ['/index.html', 'GET'],
  ] as const) {
    expect((await fetch(`${stack.apiUrl}${path}`, { method })).status).toBe(404);
  }
});

test('the page shows an address as text, whatever is in it', () => {
  expect(homePage('http://a"<b>&\'')).toContain('curl -s http://a&#34;&#60;b&#62;&#38;&#39;/v1/targets');
});
