// What a step of training says, and under which name its error reaches the state machine.
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { DomainError } from '#core/errors.ts';

const lines: Record<string, unknown>[] = [];
let task: typeof import('#functions/training/task.ts').task;
beforeAll(async () => {
  Object.assign(process.env, { DATA_BUCKET: 'data', POWERTOOLS_LOG_LEVEL: 'INFO', POWERTOOLS_DEV: 'false' });
  Object.assign(process.env, { AWS_REGION: 'eu-central-1', SUGARBUSH_METRICS: 'off' });
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation((text) => {
      for (const line of String(text).split('\n')) if (line.startsWith('{')) lines.push(JSON.parse(line));
      return true;
    });
  }
  ({ task } = await import('#functions/training/task.ts'));
});
afterAll(() => vi.restoreAllMocks());
beforeEach(() => void lines.splice(0));

const lambda = { awsRequestId: 'a-1', getRemainingTimeInMillis: () => 1000 };

test('a step is said with run, fit and how long it took', async () => {
  const handler = task('fit', async (_: { runId: string; fitId: string }) => 7);
  expect(await handler({ runId: 'r', fitId: 'f' }, lambda)).toBe(7);
  const line = { message: 'step', level: 'INFO', step: 'fit', runId: 'r', fitId: 'f', awsRequestId: 'a-1' };
  expect(lines).toMatchObject([{ ...line, durationMs: expect.any(Number) }]);
});

test.each([
  ['RunEnded', new DomainError('cancelled', "training run 'r' has ended: stopped")],
  ['RunUnderWay', new DomainError('conflict', 'one is', { issues: [{ path: 'runs/q', message: 'one is' }] })],
])('%s is no error: what was wanted happened', async (name, error) => {
  const handler = task('evaluate', (_: object) => Promise.reject(error));
  await expect(handler({ runId: 'r', fold: 3 }, lambda)).rejects.toMatchObject({ name });
  expect(lines).toMatchObject([
    { message: 'step not wanted', level: 'INFO', step: 'evaluate', runId: 'r', fold: 3, name },
  ]);
  expect(JSON.stringify(lines)).not.toContain('ERROR');
});

test('anything else is one', async () => {
  const handler = task('plan', (_: object) => Promise.reject(new Error('no such thing')));
  await expect(handler({ runId: 'r' }, lambda)).rejects.toMatchObject({ name: 'TrainingError' });
  expect(lines).toMatchObject([{ message: 'step failed', level: 'ERROR', step: 'plan', runId: 'r' }]);
});
