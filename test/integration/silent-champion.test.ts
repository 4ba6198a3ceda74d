// The prediction service over a store that falls silent while it compares its champion: it goes on answering, and once
// the store speaks again the same process finds the new champion.
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { loadPredictor } from '#core/predictor/bundle.ts';
import { predictorCache } from '#core/serve/predictor-cache.ts';
import type { Store } from '#core/store/store.ts';
import { s3Client } from '#functions/shared/aws/s3-client.ts';
import { s3Store } from '#functions/shared/s3-store.ts';
import { timeLimits } from '#functions/shared/time-limits.ts';
import { type S3Endpoint, startS3 } from '#stack/s3/server.ts';
import { deployTiny, trainTiny } from '../unit/core/tiny-service.ts';

const credentials = { accessKeyId: 'LOCALTEST', secretAccessKey: 'for tests only' };
const region = 'eu-central-1';
const limits = timeLimits(1);
let folder: string;
let s3: S3Endpoint;
let wire: Server;
let silent = false;
let swallowed = 0;
const sockets = new Set<Socket>();

const storeAt = (endpoint: string): Store => {
  return s3Store({ bucket: 'data', client: s3Client({ endpoint, region, credentials, limits }) });
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sugarbush-silent-champion-'));
  s3 = await startS3({ stateDir: folder, credentials, region, buckets: ['data'] });
  wire = createServer((client) => {
    const upstream = connect(s3.port, '127.0.0.1');
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => sockets.delete(socket));
    }
    client.on('data', (bytes) => {
      if (silent) swallowed++;
      else upstream.write(bytes);
    });
    upstream.pipe(client);
  });
  await new Promise<void>((resolve) => wire.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => wire.close(resolve));
  await s3.close();
  await rm(folder, { recursive: true });
});

test('a silent store holds no champion for good', { timeout: 60_000 }, async () => {
  const direct = storeAt(s3.url);
  const [first, second] = [await trainTiny(1), await trainTiny(2)];
  await deployTiny(direct, first, ['server']);
  const errors: unknown[] = [];
  const cache = predictorCache({
    store: storeAt(`http://127.0.0.1:${(wire.address() as { port: number }).port}`),
    now: () => performance.now(),
    loadPredictor,
    revalidateS: 0.01,
    onError: (error) => errors.push(error),
  });
  const version = async () => (await cache.champion()).predictor.identity.version;
  expect(await version()).toBe(first.predictor.identity.version);

  await deployTiny(direct, second, ['server']);
  silent = true;
  await vi.waitFor(
    async () => {
      expect(await version()).toBe(first.predictor.identity.version);
      expect(errors.length).toBeGreaterThan(0);
    },
    { timeout: 20_000 },
  );
  expect(swallowed).toBeGreaterThanOrEqual(2);
  expect(errors[0]).toMatchObject({ name: 'TimeoutError' });

  silent = false;
  await vi.waitFor(async () => expect(await version()).toBe(second.predictor.identity.version), { timeout: 20_000 });
});
