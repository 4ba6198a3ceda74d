// Large uploads, slow readers, a full disk, a stop in the middle: bounded memory, and nothing left behind.

import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, describe, expect, it } from 'vitest';
import { client, refusal, startEndpoint, temporaryFolder } from './endpoint.ts';
import { signHead } from './sign-head.ts';

const Bucket = 'data';
const children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** An endpoint in a process of its own, optionally under a shell that first sets a limit. */
function serve(folder: string, limit = 'true'): Promise<{ url: string; pid: number }> {
  const script = join(import.meta.dirname, 'serve.ts');
  const child = spawn('sh', ['-c', `${limit} && exec "$0" "$@"`, process.execPath, script, folder], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  children.push(child);
  return new Promise((resolve, reject) => {
    child.stdout.once('data', (line: Buffer) => resolve({ url: line.toString().trim(), pid: child.pid! }));
    child.once('exit', () => reject(new Error('the endpoint ended before it listened')));
  });
}

describe.runIf(process.platform === 'linux')('memory', () => {
  const peakMiB = (pid: number): number =>
    Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;

  it('stays small for large uploads and for readers that do not read', async () => {
    const server = await serve(temporaryFolder());
    const s3 = client(server);
    const idleMiB = peakMiB(server.pid);
    const piece = Buffer.alloc(1024 * 1024, 7);
    const pieces = 300;
    const Body = Readable.from(Array(pieces).fill(piece));
    await s3.send(new PutObjectCommand({ Bucket, Key: 'large', Body, ContentLength: pieces * piece.length }));
    expect(peakMiB(server.pid) - idleMiB).toBeLessThan(150);
    const idlers = await Promise.all(
      Array.from({ length: 10 }, () => s3.send(new GetObjectCommand({ Bucket, Key: 'large' }))),
    );
    expect(peakMiB(server.pid) - idleMiB).toBeLessThan(150);
    for (const { Body: unread } of idlers) (unread as Readable).destroy();
    const open = (): number => readdirSync(`/proc/${server.pid}/fd`).length;
    await expect.poll(open).toBeLessThan(40);
  }, 60_000);
});

describe('a disk that takes no more', () => {
  it('fails the upload, keeps what was, and serves on', async () => {
    const folder = temporaryFolder();
    // 512-byte blocks, as POSIX has it: no file beyond 1 MiB.
    const s3 = client(await serve(folder, 'ulimit -f 2048'));
    const put = (bytes: number) => s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body: Buffer.alloc(bytes, 65) }));
    await put(1000);
    expect(await refusal(put(3_000_000))).toEqual({ status: 500, code: 'InternalError' });
    expect((await s3.send(new GetObjectCommand({ Bucket, Key: 'a' }))).ContentLength).toBe(1000);
    expect(readdirSync(join(folder, 'incoming'))).toEqual([]);
    await put(2000);
  });
});

describe('closing', () => {
  it('ends uploads that do not end, and leaves nothing of them', async () => {
    const endpoint = await startEndpoint();
    const { text } = await signHead(endpoint.port, 'PUT', '/data/never', { 'content-length': '1000000' });
    const socket = connect(endpoint.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(text);
    socket.write(Buffer.alloc(300_000));
    await expect.poll(() => readdirSync(join(endpoint.stateDir, 'incoming'))).toHaveLength(1);
    await endpoint.close();
    expect(readdirSync(join(endpoint.stateDir, 'incoming'))).toEqual([]);
    socket.destroy();
  });

  it('lets a write in progress end', async () => {
    const endpoint = await startEndpoint();
    const s3 = client(endpoint);
    await s3.send(new PutObjectCommand({ Bucket, Key: 'warm', Body: 'x' }));
    const put = (index: number) => s3.send(new PutObjectCommand({ Bucket, Key: `${index}`, Body: 'x' }));
    const writes = Promise.allSettled(Array.from({ length: 20 }, (_, index) => put(index)));
    await expect.poll(() => endpoint.counts().PutObject).toBeGreaterThan(1);
    await endpoint.close();
    const written = (await writes).flatMap(({ status }, index) => (status === 'fulfilled' ? [`${index}`] : []));
    const again = client(await startEndpoint({ stateDir: endpoint.stateDir }));
    for (const Key of written) await again.send(new GetObjectCommand({ Bucket, Key }));
    expect(readdirSync(join(endpoint.stateDir, 'incoming'))).toEqual([]);
  });
});
