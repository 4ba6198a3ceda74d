// The stack is killed in the middle of a run and started again: the run goes on to its end, from the checkpoints and
// answers that were kept.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { apiClient } from '#client/client.ts';
import { noRetries } from '#client/retry.ts';
import { operations } from '#contract/operations.ts';
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

  const clientOf = (api: string) => apiClient({ api, operations, token: operator, retry: noRetries });
  const show = (api: string, id: string) => clientOf(api).call('showTrainingRun', { path: { id } });
  const stepOf = async (api: string, runId: string, name: string) =>
    (await show(api, runId)).steps.find(({ step }) => step === name)!;

  const before = await startProcess(templateDir);
  const { run: started } = await clientOf(before).call('startTrainingRun', { body: { ...request, steps: 75 } });
  const { runId } = started;
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
