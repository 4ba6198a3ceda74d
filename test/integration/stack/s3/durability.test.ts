// What is acknowledged survives: a stop before every single file-system call, a real process killed under load, a
// restart.

import { spawn } from 'node:child_process';
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import fs, { type FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { describe, expect, it, vi } from 'vitest';
import type { PutCondition } from '#stack/s3/conditions.ts';
import { ObjectStore } from '#stack/s3/object-store.ts';
import { client, startEndpoint, temporaryFolder } from './endpoint.ts';

const Bucket = 'data';
const metadata = {
  headers: {},
  userMetadata: {},
  sizeBytes: 3,
  etag: '0'.repeat(32),
  checksum: undefined,
  event: 'Put' as const,
};

/** The lines that went to standard error meanwhile. */
async function saidOnError(work: () => Promise<unknown>): Promise<string[]> {
  const said: string[] = [];
  const spy = vi.spyOn(console, 'error').mockImplementation((line: string) => void said.push(line));
  try {
    await work();
  } finally {
    spy.mockRestore();
  }
  return said;
}

async function write(store: ObjectStore, key: string, body: string): Promise<void> {
  const pending = await store.startWrite();
  await pending.write(Buffer.from(body));
  await store.commit(Bucket, key, pending, { ...metadata, sizeBytes: body.length });
}

async function readBody(store: ObjectStore, key: string): Promise<string | undefined> {
  const found = await store.read(Bucket, key);
  if (found === undefined) return undefined;
  const bytes = Buffer.alloc(found.metadata.sizeBytes);
  await found.handle.read(bytes, 0, bytes.length, 0);
  await found.handle.close();
  return bytes.toString();
}

/**
 * Lets `allowed` file-system calls through, then nothing any more: what a killed process leaves. Of the call at which
 * it stops, half of a write still happens. Returns the calls made, and whether the work ended.
 */
async function stopAfter(allowed: number, work: () => Promise<void>): Promise<{ calls: string[]; ended: boolean }> {
  const calls: string[] = [];
  const opened: FileHandle[] = [];
  const probe = await fs.open('/dev/null', 'r');
  const handles = Object.getPrototypeOf(probe) as FileHandle;
  await probe.close();
  const original = { open: fs.open, rename: fs.rename, unlink: fs.unlink };
  const originalHandle = { appendFile: handles.appendFile, sync: handles.sync };
  let onStop = (): void => {};
  const stopped = new Promise<false>((resolve) => {
    onStop = () => resolve(false);
  });
  // biome-ignore lint/suspicious/noExplicitAny: stands in for functions of many shapes
  const guard = (name: string, call: any) =>
    // biome-ignore lint/suspicious/noExplicitAny: as above
    async function (this: FileHandle, ...given: any[]): Promise<unknown> {
      if (calls.length >= allowed) {
        if (name === 'append') await call.call(this, given[0].subarray(0, given[0].length / 2));
        onStop();
        return await new Promise(() => {});
      }
      calls.push(name);
      const result = await call.apply(this, given);
      if (name === 'open') opened.push(result);
      return result;
    };
  Object.assign(fs, {
    open: guard('open', fs.open),
    rename: guard('rename', fs.rename),
    unlink: guard('unlink', fs.unlink),
  });
  Object.assign(handles, {
    appendFile: guard('append', handles.appendFile),
    sync: guard('sync', handles.sync),
  });
  syncBuiltinESMExports();
  try {
    return { ended: await Promise.race([work().then(() => true), stopped]), calls };
  } finally {
    Object.assign(fs, original);
    Object.assign(handles, originalHandle);
    syncBuiltinESMExports();
    for (const handle of opened) await handle.close();
  }
}

describe('a stop at any file-system call', () => {
  it.each<[string, string | undefined, (store: ObjectStore) => Promise<void>, string | undefined, string[]]>([
    [
      'the first write of a key',
      undefined,
      (store) => write(store, 'key', 'new'),
      'new',
      ['open', 'append', 'sync', 'rename', 'open', 'sync'],
    ],
    [
      'an overwrite',
      'old',
      (store) => write(store, 'key', 'new'),
      'new',
      ['open', 'append', 'sync', 'rename', 'open', 'sync'],
    ],
    [
      'a removal',
      'old',
      async (store) => void (await store.remove(Bucket, 'key')),
      undefined,
      ['unlink', 'open', 'sync'],
    ],
  ])('leaves all or nothing of %s', async (_, before, work, after, expectedCalls) => {
    let sawBefore = false;
    for (let allowed = 0; allowed <= expectedCalls.length; allowed++) {
      const folder = temporaryFolder();
      const store = ObjectStore.open(folder, [Bucket], Date.now);
      if (before !== undefined) await write(store, 'key', before);
      await write(store, 'bystander', 'kept');
      const { calls, ended } = await stopAfter(allowed, () => work(store));

      const reopened = ObjectStore.open(folder, [Bucket], Date.now);
      expect(readdirSync(join(folder, 'incoming'))).toEqual([]);
      const found = await readBody(reopened, 'key');
      expect(await readBody(reopened, 'bystander')).toBe('kept');
      expect(reopened.index(Bucket).get('key') !== undefined).toBe(found !== undefined);
      expect(ended).toBe(allowed === expectedCalls.length);
      // The order is the guarantee against power loss: content is synced before it gets its name, and the folder after.
      if (ended) expect(calls).toEqual(expectedCalls);
      if (ended) expect(found).toBe(after);
      else expect([before, after]).toContain(found);
      sawBefore ||= found === before;
    }
    expect(sawBefore).toBe(true);
  });
});

describe('two writers of one key', () => {
  it('go one after the other, and a conditional one does not wait for an outcome it cannot know', async () => {
    const store = ObjectStore.open(temporaryFolder(), [Bucket], Date.now);
    const commit = async (body: string, condition?: PutCondition) => {
      const pending = await store.startWrite();
      await pending.write(Buffer.from(body));
      const whole = { ...metadata, sizeBytes: body.length };
      return () => store.commit(Bucket, 'key', pending, whole, condition).finally(() => pending.discard());
    };
    const [first, second, third] = [
      await commit('first'),
      await commit('second'),
      await commit('third', { absent: true }),
    ];
    const outcomes = await Promise.allSettled([first(), second(), third(), store.remove(Bucket, 'key', { etag: '*' })]);
    expect(outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.reason.code : 'done'))).toEqual([
      'done',
      'done',
      'ConditionalRequestConflict',
      'ConditionalRequestConflict',
    ]);
    expect(await readBody(store, 'key')).toBe('second');
  });
});

describe('a killed process', () => {
  function serve(folder: string): Promise<{ url: string; kill(): Promise<void> }> {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'serve.ts'), folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    const kill = (): Promise<void> => {
      child.kill('SIGKILL');
      return gone;
    };
    return new Promise((resolve, reject) => {
      child.stdout.once('data', (line: Buffer) => resolve({ url: line.toString().trim(), kill }));
      child.once('exit', () => reject(new Error('the endpoint ended before it listened')));
    });
  }

  it('keeps every acknowledged write and nothing half-written, five times over', async () => {
    const folder = temporaryFolder();
    /** Per key: what it may hold. The acknowledged state, and attempts whose answer never came. */
    const possible = new Map<string, Set<string | undefined>>();
    let acknowledged = 0;

    const writer = async (s3: S3Client, name: number): Promise<void> => {
      for (let count = 0; ; count++) {
        const Key = `writer ${name}/${count % 7}`;
        const Body = count % 5 === 4 ? undefined : `${name} ${count} `.repeat(1 + ((count * 7919) % 30_000));
        const states = possible.get(Key) ?? new Set([undefined]);
        possible.set(Key, states.add(Body));
        if (Body === undefined) await s3.send(new DeleteObjectCommand({ Bucket, Key }));
        else await s3.send(new PutObjectCommand({ Bucket, Key, Body }));
        possible.set(Key, new Set([Body]));
        acknowledged++;
      }
    };

    for (let round = 0; round < 5; round++) {
      const server = await serve(folder);
      const s3 = client(server);
      const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
      const listed = new Map(Contents.map(({ Key, ETag }) => [Key, ETag]));
      for (const [Key, states] of possible) {
        const got = await s3.send(new GetObjectCommand({ Bucket, Key })).catch((error: Error) => {
          expect(error.name).toBe('NoSuchKey');
        });
        const body = await got?.Body?.transformToString();
        expect(states.has(body), `${Key} holds what was written to it`).toBe(true);
        expect(listed.get(Key)).toBe(got?.ETag);
        possible.set(Key, new Set([body]));
      }
      const writers = Array.from({ length: 6 }, (_, name) => writer(s3, name).catch(() => {}));
      await new Promise((resolve) => setTimeout(resolve, 150 + round * 70));
      await server.kill();
      await Promise.all(writers);
    }
    expect(acknowledged).toBeGreaterThan(50);
  }, 60_000);
});

describe('a restart', () => {
  it('lists and gives the same, and forgets half-written uploads', async () => {
    const first = await startEndpoint();
    const before = client(first);
    for (let index = 0; index < 40; index++) {
      const Metadata = { index: String(index) };
      await before.send(
        new PutObjectCommand({ Bucket, Key: `k/${index}`, Body: `${index}`, Metadata, ChecksumAlgorithm: 'SHA256' }),
      );
    }
    const listed = (await before.send(new ListObjectsV2Command({ Bucket }))).Contents;
    await first.close();
    writeFileSync(join(first.stateDir, 'incoming', 'left-over'), 'half');

    const second = await startEndpoint({ stateDir: first.stateDir });
    const after = client(second);
    expect((await after.send(new ListObjectsV2Command({ Bucket }))).Contents).toEqual(listed);
    const got = await after.send(new GetObjectCommand({ Bucket, Key: 'k/17' }));
    expect(got.Metadata).toEqual({ index: '17' });
    expect(await got.Body!.transformToString()).toBe('17');
    expect(readdirSync(join(first.stateDir, 'incoming'))).toEqual([]);
  });

  const nameOfKey = '2c70e12b7a0646f92279f427c7b38e7334d8e5389cff167a1dc30e73f826b683'; // sha256sum of "key"

  it.each<[string, (file: string) => void, string]>([
    ['cut short', (file) => truncateSync(file, statSync(file).size - 3), 'it has no footer'],
    ['emptied', (file) => truncateSync(file, 0), 'it has no footer'],
    ['longer', (file) => appendFileSync(file, 'x'), 'it has no footer'],
    [
      'changed in its metadata',
      (file) => writeFileSync(file, readFileSync(file, 'latin1').replace('"key":"key"', '"key":"kez"'), 'latin1'),
      'its metadata is damaged',
    ],
    [
      'cut in the front',
      (file) => writeFileSync(file, readFileSync(file).subarray(1)),
      "it is not of the length that the object 'key' has",
    ],
  ])('sets an object aside that was %s, names its file, and goes on with the others', async (_, damage, why) => {
    const folder = temporaryFolder();
    const store = ObjectStore.open(folder, [Bucket], Date.now);
    await write(store, 'key', 'body');
    await write(store, 'bystander', 'kept');
    const file = join(folder, 'buckets', Bucket, '2c', nameOfKey);
    damage(file);
    const damaged = readFileSync(file);
    const said = await saidOnError(async () => {
      const reopened = ObjectStore.open(folder, [Bucket], Date.now);
      expect(await readBody(reopened, 'key')).toBeUndefined();
      expect(await readBody(reopened, 'bystander')).toBe('kept');
      expect([...reopened.index(Bucket).entries()].map(({ key }) => key)).toEqual(['bystander']);
      await write(reopened, 'key', 'again');
      expect(await readBody(reopened, 'key')).toBe('again');
    });
    const place = join(folder, 'damaged', nameOfKey);
    expect(said).toEqual([
      `stack: '${file}' is damaged: ${why}. It was moved to '${place}'. Bucket 'data' goes on without it.`,
    ]);
    expect(readFileSync(place)).toEqual(damaged);
  });

  it('sets aside what else lies in a shelf: a stray file, a folder, a copy of an object', async () => {
    const folder = temporaryFolder();
    await write(ObjectStore.open(folder, [Bucket], Date.now), 'key', 'body');
    const shelf = join(folder, 'buckets', Bucket, '2c');
    writeFileSync(join(shelf, '.DS_Store'), 'x');
    mkdirSync(join(shelf, 'lost+found'));
    copyFileSync(join(shelf, nameOfKey), join(shelf, 'copy'));
    mkdirSync(join(folder, 'damaged'));
    writeFileSync(join(folder, 'damaged', 'copy'), 'from an earlier start');
    const said = await saidOnError(async () => {
      expect(await readBody(ObjectStore.open(folder, [Bucket], Date.now), 'key')).toBe('body');
    });
    expect(said).toHaveLength(3);
    expect(readdirSync(shelf)).toEqual([nameOfKey]);
    expect(readdirSync(join(folder, 'damaged')).sort()).toEqual(['.DS_Store', 'copy', 'copy.1', 'lost+found']);
  });

  it.each([10, 100_000])(
    'finds a flipped bit of %i bytes when they are read, names the object, and takes it anew',
    async (sizeBytes) => {
      const endpoint = await startEndpoint();
      const s3 = client(endpoint);
      await s3.send(new PutObjectCommand({ Bucket, Key: 'key', Body: 'x'.repeat(sizeBytes) }));
      const file = join(endpoint.stateDir, 'buckets', Bucket, '2c', nameOfKey);
      const bytes = readFileSync(file);
      bytes[sizeBytes - 1]! ^= 1;
      writeFileSync(file, bytes);
      const get = async (): Promise<string> =>
        (await s3.send(new GetObjectCommand({ Bucket, Key: 'key' }))).Body!.transformToString();
      const said = await saidOnError(() => expect(get()).rejects.toThrow());
      expect(said).toEqual([
        expect.stringMatching(/^s3: The stored object 'data\/key' is damaged: the MD5 of its bytes is /),
      ]);
      await s3.send(new PutObjectCommand({ Bucket, Key: 'key', Body: 'anew' }));
      expect(await get()).toBe('anew');
    },
  );

  it('refuses names of buckets that are none', () => {
    for (const name of ['..', '../data', 'A', 'a', 'data/x', 'data..x', '']) {
      expect(() => ObjectStore.open(temporaryFolder(), [name], Date.now)).toThrow('is no name for a bucket');
    }
  });
});
