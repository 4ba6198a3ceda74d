// `sugarbush migrate-dataset` as an operator runs it: credentials and region come from a profile of the AWS SDK.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type S3Endpoint, startS3 } from '#stack/s3/server.ts';

const main = fileURLToPath(new URL('../../../cli/main.ts', import.meta.url));
let folder: string;
let s3: S3Endpoint;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sugarbush-migrate-'));
  const credentials = { accessKeyId: 'LOCALTEST', secretAccessKey: 'for tests only' };
  s3 = await startS3({ stateDir: join(folder, 's3'), credentials, region: 'eu-central-1', buckets: ['data'] });
  writeFileSync(
    join(folder, 'credentials'),
    `[operator]\naws_access_key_id=${credentials.accessKeyId}\naws_secret_access_key=${credentials.secretAccessKey}\n`,
  );
  writeFileSync(join(folder, 'config'), '[profile operator]\nregion=eu-central-1\n');
});
afterAll(async () => {
  await s3?.close();
  rmSync(folder, { recursive: true });
});

test('reads a bucket with the credentials of a profile', { timeout: 60_000 }, async () => {
  const { AWS_ACCESS_KEY_ID: _, AWS_SECRET_ACCESS_KEY: __, AWS_REGION: ___, ...others } = process.env;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [main, 'migrate-dataset', '--bucket', 'data', '--json'],
    {
      env: {
        ...others,
        AWS_ENDPOINT_URL_S3: s3.url,
        AWS_PROFILE: 'operator',
        AWS_SHARED_CREDENTIALS_FILE: join(folder, 'credentials'),
        AWS_CONFIG_FILE: join(folder, 'config'),
      },
    },
  );
  expect(JSON.parse(stdout)).toEqual({ targets: [] });
});
