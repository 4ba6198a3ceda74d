// `npm start` as a person uses it, with the shipped predictor, an import and a training that are real, the training
// short: the printed curl line is pasted into a shell, starts are refused, interrupted and repeated.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { predictReplySchema } from '#contract/predictions.ts';
import { problemSchema } from '#contract/problem.ts';
import { targetListSchema } from '#contract/targets.ts';
import { runListSchema } from '#contract/training-runs.ts';

const root = new URL('../..', import.meta.url).pathname;
const run = promisify(execFile);

interface Started {
  readonly child: ChildProcess;
  output(): string;
  /** Resolves when the output has it; rejects when the process ends before. */
  sees(text: RegExp): Promise<RegExpExecArray>;
  /** Exit code. */
  ended: Promise<number | null>;
}

const running = new Set<ChildProcess>();

function start(...args: string[]): Started {
  const child = spawn(process.execPath, ['cli/main.ts', 'start', ...args], { cwd: root, detached: true });
  running.add(child);
  let output = '';
  const waiting = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      for (const look of waiting) look();
    });
  }
  const ended = once(child, 'close').then(([code]) => {
    running.delete(child);
    return code as number | null;
  });
  const sees = (text: RegExp) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      const look = (): void => {
        const found = text.exec(output);
        if (!found) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
      void ended.then(() => reject(new Error(`ended without ${text}:\n${output}`)));
    });
  return { child, output: () => output, sees, ended };
}

/** As Ctrl-C in a terminal: to every process of the group. */
async function interrupt({ child, ended }: Started): Promise<number | null> {
  process.kill(-child.pid!, 'SIGINT');
  return ended;
}

const curlOf = async (started: Started): Promise<string> => (await started.sees(/^curl .*$/m))[0];
const addressOf = async (started: Started): Promise<string> => (await started.sees(/address +(http:\S+)/))[1]!;
const paste = async (line: string) => JSON.parse((await run('sh', ['-c', line])).stdout) as unknown;

let folder: string;
let state: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sugarbush-start-'));
  state = join(folder, 'state');
});
afterAll(async () => {
  for (const child of running) process.kill(-child.pid!, 'SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

const small = (...more: string[]) => ['--state', state, '--port', '0', '--search-space', 'nasbench201', ...more];

describe('npm start', { timeout: 480_000 }, () => {
  let first: unknown;
  let token: string;
  let shipped: string;

  test('the first time serves the shipped predictor and prints a curl line that works when pasted', async () => {
    const started = start(...small());
    const line = await curlOf(started);
    expect(started.output()).not.toContain('imported data');
    expect(started.output()).toMatch(/^ +targets +12, measured in nasbench201$/m);
    const reply = predictReplySchema.parse(await paste(line));
    expect(reply).toMatchObject({
      searchSpace: 'nasbench201',
      architectures: 2,
      results: [{ target: expect.stringMatching(/^silver-4210r-[0-9a-f]{20}$/) }],
    });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: this is what is looked for
    expect(started.output()).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
    first = reply;
    shipped = reply.results[0]!.predictor.version;
    expect(started.output()).toContain(`serving the shipped predictor ${shipped}`);
    token = /Bearer (\S+)'/.exec(line)![1]!;
    const api = await addressOf(started);

    const get = (path: string, authorization?: string) =>
      fetch(`${api}${path}`, { headers: authorization === undefined ? {} : { authorization } });
    expect(await (await get('/v1/health')).json()).toMatchObject({ live: true, ready: true });
    expect(targetListSchema.parse(await (await get('/v1/targets', `Bearer ${token}`)).json()).targets).toHaveLength(12);
    expect(await (await get('/openapi.json')).json()).toMatchObject({ openapi: '3.1.0' });
    const wrong = `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`;
    // API Gateway's own word, in its own form, before any function is asked.
    const bare = await get('/v1/targets');
    expect([bare.status, await bare.json()]).toEqual([401, { message: 'Unauthorized' }]);
    for (const authorization of ['Basic eDp5', `Bearer ${wrong}`]) {
      const refused = await get('/v1/targets', authorization);
      expect(refused.status).toBe(401);
      expect(refused.headers.get('content-type')).toBe('application/problem+json');
      expect(problemSchema.parse(await refused.json())).toMatchObject({ code: 'unauthorized', issues: [{}] });
    }
    const [, operator] = await started.sees(/operator token +(\S+)/);
    expect((await get('/v1/search-spaces', `Bearer ${operator}`)).status).toBe(403);

    const large = await fetch(`${api}/v1/predictions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: 'x'.repeat(7_000_000),
    });
    expect([large.status, problemSchema.parse(await large.json()).code]).toEqual([413, 'body-too-large']);

    const second = start(...small());
    expect(await second.ended).toBe(1);
    expect(second.output()).toMatch(/the state folder '.*' is in use by process \d+: stop it, or choose another/);
    const port = new URL(api).port;
    const third = start('--state', join(folder, 'other'), '--port', port);
    expect(await third.ended).toBe(1);
    expect(third.output()).toMatch(new RegExp(`port ${port} is in use: stop what listens there, or choose another`));

    await started.sees(/imported data\/latency-nasbench201\.csv\.gz: 12 targets/);
    // From all that was imported, as soon as the function looks again.
    const measurements = async (): Promise<number> => {
      first = await paste(line);
      return predictReplySchema.parse(first).results[0]!.measurements;
    };
    await expect.poll(measurements, { timeout: 120_000, interval: 500 }).toBeGreaterThan(10_000);
    expect(await interrupt(started)).toBe(0);
  });

  test('the next time finds everything in place: no import, the same token, the same predictions', async () => {
    const started = start(...small());
    const line = await curlOf(started);
    expect(started.output()).not.toMatch(/import|train|shipped/);
    expect(line).toContain(`Bearer ${token}'`);
    expect(await paste(line)).toEqual(first);
    expect(await interrupt(started)).toBe(0);
  });

  test('stopped while it trains leaves nothing running and its state free', async () => {
    const started = start(...small('--train', '--steps', '40'));
    await started.sees(/nasbench201 100 % ready, training \d+ % fit(?: \d+ %)?; (?:\d+ s left|time left unknown)/);
    expect(await interrupt(started)).toBe(0);
    expect(started.output()).toContain('stopping …');
    expect(await readdir(state)).not.toContain('lock.json');
    await expect(run('pgrep', ['-g', String(started.child.pid)])).rejects.toMatchObject({ code: 1 });
  });

  test('started again goes on with that training, and ends ready with what its run decided', async () => {
    const started = start(...small('--train', '--steps', '25'));
    const line = await curlOf(started);
    expect(started.output()).not.toContain('imported');
    const api = await addressOf(started);
    const [, operator] = await started.sees(/operator token +(\S+)/);
    const answer = await fetch(`${api}/v1/training-runs`, { headers: { authorization: `Bearer ${operator}` } });
    const { runs } = runListSchema.parse(await answer.json());
    expect(runs).toMatchObject([{ settings: { steps: 40, folds: 2, repeats: 1 } }]);
    const [{ status, version }] = runs as [(typeof runs)[0]];
    const said = status === 'promoted' ? 'trained: ' : `the run was ${status}, and the predictor in use stays (`;
    expect(['promoted', 'refused']).toContain(status);
    expect(started.output()).toContain(said);
    const served = status === 'promoted' ? version : shipped;
    expect(predictReplySchema.parse(await paste(line)).results[0]!.predictor.version).toBe(served);
    expect(await interrupt(started)).toBe(0);
  });
});
