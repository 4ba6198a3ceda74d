// A real endpoint on a free port over a fresh folder, and the unmodified SDK client pointed at it, for one test file.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3Client, type S3ClientConfig, type S3ServiceException } from '@aws-sdk/client-s3';
import { afterAll } from 'vitest';
import { type S3Endpoint, type S3Options, startS3 } from '#stack/s3/server.ts';
import { credentials, region } from './identity.ts';

export { credentials, region };

/** Undone in reverse order when the test file is done; a hook set inside a test would never run. */
const undo: (() => unknown)[] = [];

afterAll(async () => {
  for (const step of undo.toReversed()) await step();
});

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sugarbush-s3-'));
  undo.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export async function startEndpoint(
  options: Partial<S3Options> = {},
): Promise<S3Endpoint & { readonly stateDir: string }> {
  const stateDir = options.stateDir ?? temporaryFolder();
  const endpoint = await startS3({ stateDir, credentials, region, buckets: ['data', 'uploads'], ...options });
  undo.push(() => endpoint.close());
  return { ...endpoint, stateDir };
}

/** As the Lambdas have it: nothing but environment variables, one attempt a call so that errors show. */
export function client(endpoint: { readonly url: string }, config: S3ClientConfig = {}): S3Client {
  process.env['AWS_ENDPOINT_URL_S3'] = endpoint.url;
  process.env['AWS_REGION'] = region;
  process.env['AWS_ACCESS_KEY_ID'] = credentials.accessKeyId;
  process.env['AWS_SECRET_ACCESS_KEY'] = credentials.secretAccessKey;
  delete process.env['AWS_SESSION_TOKEN'];
  const made = new S3Client({ maxAttempts: 1, ...config });
  undo.push(() => made.destroy());
  return made;
}

/** The status and code of a refused call; a call that succeeds fails the test. */
export async function refusal(call: Promise<unknown>): Promise<{ status: number | undefined; code: string }> {
  try {
    await call;
  } catch (error) {
    const { name, $metadata } = error as S3ServiceException;
    return { status: $metadata?.httpStatusCode, code: name };
  }
  throw new Error('the call was expected to be refused');
}
