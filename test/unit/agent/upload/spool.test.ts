import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openSpool } from '#agent/upload/spool.ts';
import { type Profile, profileSchema } from '#core/dataset/profile.ts';

const fixture = fileURLToPath(new URL('../../../fixtures/profiles/raspberry-pi-5.json', import.meta.url));
const profile = (medianMs: number): Profile => {
  const base = profileSchema.parse(JSON.parse(readFileSync(fixture, 'utf8')));
  const [first] = base.measurements;
  return {
    ...base,
    measurements: [
      {
        workload: 0,
        architecture: first!.architecture,
        latency: { medianMs, trimmedMeanMs: null, spreadMs: null },
        runs: null,
        stable: null,
      },
    ],
  };
};
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sugarbush-spool-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('what was added is pending, with its progress, also after opening again', () => {
  const first = openSpool(folder);
  const sha256 = first.add(profile(1));
  expect(first.add(profile(1))).toBe(sha256);
  first.advance(sha256, { attempt: 2, uploadId: 'u', stored: true });
  first.release();
  const again = openSpool(folder);
  expect(again.pending()).toEqual([
    {
      sha256,
      body: expect.any(Buffer),
      progress: { attempt: 2, uploadId: 'u', stored: true },
    },
  ]);
  again.accept(sha256, { uploadId: 'u' });
  expect(again.pending()).toEqual([]);
  expect(again.add(profile(1))).toBe(sha256);
  expect(again.pending()).toEqual([]);
  again.release();
});

test('a profile of version 1 that waited while the agent was updated is sent as it is', () => {
  const old = fileURLToPath(new URL('../../../fixtures/profiles/version-1/raspberry-pi-5.json', import.meta.url));
  const body = gzipSync(readFileSync(old));
  const sha256 = createHash('sha256').update(body).digest('hex');
  openSpool(folder).release();
  writeFileSync(join(folder, `${sha256}.json.gz`), body);
  const spool = openSpool(folder);
  expect(spool.pending()).toEqual([{ sha256, body, progress: { attempt: 1, stored: false } }]);
  spool.release();
});

test('damaged progress is no progress, and a verdict whose clearing away was cut off is not sent again', () => {
  const spool = openSpool(folder);
  const sha256 = spool.add(profile(2));
  writeFileSync(join(folder, `${sha256}.upload.json`), '{"attempt":');
  expect(spool.pending()[0]?.progress).toEqual({ attempt: 1, stored: false });
  writeFileSync(join(folder, 'accepted', `${sha256}.json`), '{}');
  expect(spool.pending()).toEqual([]);
  expect(readdirSync(folder).filter((name) => name.startsWith(sha256))).toEqual([]);
  spool.release();
});

test('the lock of a killed agent does not hold, that of a running one does', async () => {
  const url = new URL('../../../../agent/upload/spool.ts', import.meta.url).href;
  const script = `import { openSpool } from '${url}'; openSpool('${folder}'); console.log('open'); setInterval(() => {}, 1e6)`;
  const holder = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => holder.stdout.once('data', resolve));
  expect(() => openSpool(folder)).toThrow(`another agent (process ${holder.pid})`);
  const ended = new Promise((resolve) => holder.once('exit', resolve));
  holder.kill('SIGKILL');
  await ended;
  openSpool(folder).release();
});

test('nor does one whose process id is somebody else’s by now, as after the plug was pulled', () => {
  const other = spawn('sleep', ['30']);
  try {
    const started = readFileSync(`/proc/${other.pid}/stat`, 'latin1').split(') ').at(-1)!.split(' ')[19];
    for (const left of [String(other.pid), `${other.pid} 1 boot`, `${other.pid} ${started} another-boot`, 'x', '']) {
      writeFileSync(join(folder, 'lock'), left);
      openSpool(folder).release();
    }
  } finally {
    other.kill('SIGKILL');
  }
});

test('a writer killed at any moment leaves whole profiles only', async () => {
  const script = join(folder, 'writer.mjs');
  const url = (path: string): string => new URL(`../../../../${path}`, import.meta.url).href;
  writeFileSync(
    script,
    `import { openSpool } from '${url('agent/upload/spool.ts')}';
     import { readFileSync } from 'node:fs';
     const profile = JSON.parse(readFileSync('${fixture}', 'utf8'));
     const samplesMs = Array.from({ length: 1000 }, (_, i) => 1 + Math.sin(i));
     const spool = openSpool('${join(folder, 'spool')}');
     process.stdout.write('open\\n');
     for (let i = 1; ; i++) {
       profile.measurements = profile.measurements.map((m) => ({ ...m, latency: { ...m.latency, medianMs: i }, samplesMs }));
       spool.add(profile);
     }`,
  );
  for (const afterMs of [1, 7, 20, 45]) {
    const writer = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = new Promise((resolve) => writer.once('exit', resolve));
    await new Promise((resolve) => writer.stdout.once('data', resolve));
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    writer.kill('SIGKILL');
    await ended;
    const spool = openSpool(join(folder, 'spool'));
    const names = readdirSync(join(folder, 'spool'));
    expect(names.filter((name) => name.includes('.tmp-'))).toEqual([]);
    const files = names.filter((name) => name.endsWith('.json.gz'));
    for (const name of files) gunzipSync(readFileSync(join(folder, 'spool', name)));
    expect(spool.pending()).toHaveLength(files.length);
    spool.release();
  }
}, 30_000);
