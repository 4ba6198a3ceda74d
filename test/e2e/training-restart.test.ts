// The stack is killed in the middle of a run and started again: the run goes on to its end, from the checkpoints and
// answers that were kept.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { synthesise } from '#scripts/synth.ts';
import { openTraining, request, storeDataset } from './training-stack.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 120_000 });

let folder: string;
let running: ChildProcess | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sugarbush-restart-'));
});
afterEach(async () => {
  if (running?.exitCode === null) {
    running.kill('SIGTERM');
    await once(running, 'exit');
  }
  rmSync(folder, { recursive: true, force: true });
});

/** The address of its API. */
async function startProcess(templateDir: string): Promise<string> {
  const script = fileURLToPath(new URL('../fixtures/run-stack.ts', import.meta.url));
  const child = spawn(process.execPath, [script, join(folder, 'state'), templateDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running = child;
  const [line] = (await once(child.stdout!, 'data')) as [Buffer];
  return line.toString().trim();
}

test('a run that is cut off by a kill of the stack goes on after the next start', async () => {
  const { folder: templateDir } = await synthesise();
  const { stack, store, operator } = await openTraining(folder, templateDir);
  await storeDataset(store);
  await stack.close();

  const headers = { authorization: `Bearer ${operator}`, 'content-type': 'application/json' };
  const show = async (apiUrl: string, runId: string) =>
    (await (await fetch(`${apiUrl}/v1/training-runs/${runId}`, { headers })).json()) as {
      run: { status: string; failureReason?: string; version?: string };
      steps: { step: string; status: string; startedAt?: string }[];
    };
  const stepOf = async (apiUrl: string, runId: string, name: string) =>
    (await show(apiUrl, runId)).steps.find(({ step }) => step === name)!;

  const before = await startProcess(templateDir);
  const started = await fetch(`${before}/v1/training-runs`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ ...request, steps: 75 }),
  });
  const { runId } = ((await started.json()) as { run: { runId: string } }).run;
  await expect
    .poll(async () => (await stepOf(before, runId, 'fit')).status, { timeout: 60_000, interval: 20 })
    .toBe('running');
  const frozen = (await stepOf(before, runId, 'freeze')).startedAt;
  running!.kill('SIGKILL');
  await once(running!, 'exit');

  const after = await startProcess(templateDir);
  await expect
    .poll(async () => (await show(after, runId)).run.status, { timeout: 200_000, interval: 250 })
    .not.toBe('running');
  const { run, steps } = await show(after, runId);
  expect([run.status, run.failureReason]).toEqual(['promoted', undefined]);
  expect(steps.every(({ status }) => status === 'done')).toBe(true);
  // What was done before the kill was not done again.
  expect(steps[0]!.startedAt).toBe(frozen);
});
