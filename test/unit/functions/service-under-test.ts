// The real handlers over the embedded S3 endpoint, which holds a tiny service: what a test of a function needs.
// Environment and handlers are those of one process, so a test file sets this up once.
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { issueToken } from '#core/access/issue-token.ts';
import type { Role } from '#core/access/token.ts';
import type { Store } from '#core/store/store.ts';
import { s3Store } from '#functions/shared/s3-store.ts';
import { type S3Endpoint, startS3 } from '#stack/s3/server.ts';
import { deployTiny, registerTiny, trainTiny } from '../core/tiny-service.ts';

export interface ServiceUnderTest {
  readonly s3: S3Endpoint;
  readonly store: Store;
  issue(role: Role, validForS?: number): Promise<string>;
  close(): Promise<void>;
}

export async function startService(): Promise<ServiceUnderTest> {
  const folder = await mkdtemp(join(tmpdir(), 'sugarbush-functions-'));
  const credentials = { accessKeyId: 'LOCALTEST', secretAccessKey: 'for tests only' };
  const s3 = await startS3({ stateDir: folder, credentials, region: 'eu-central-1', buckets: ['data'] });
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_S3: s3.url,
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    DATA_BUCKET: 'data',
    REVALIDATE_S: '3600',
    POWERTOOLS_LOG_LEVEL: 'SILENT',
    SUGARBUSH_METRICS: 'off',
  });
  const store = s3Store({ bucket: 'data' });
  await registerTiny(store);
  await deployTiny(store, await trainTiny(1), ['server', 'phone_1']);
  return {
    s3,
    store,
    async issue(role, validForS = 3600) {
      return (await issueToken(store, { role, validForS, now: Date.now(), randomBytes })).token;
    },
    async close() {
      await s3.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** The event of test/fixtures/events/{name}.json, changed by `change`. */
export async function captured(
  name: string,
  change: (event: APIGatewayProxyEventV2) => void = () => {},
): Promise<APIGatewayProxyEventV2> {
  const file = new URL(`../../fixtures/events/${name}.json`, import.meta.url);
  const event = JSON.parse(await readFile(file, 'utf8')) as APIGatewayProxyEventV2;
  change(event);
  return event;
}

export const context = {
  awsRequestId: 'c6af9ac6-7b61-11e6-9a41-93e8deadbeef',
  functionName: 'test',
  getRemainingTimeInMillis: () => 20_000,
} as Context;
