import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { parseScheduleExpression } from '#stack/schedule/expression.ts';
import { Scheduler } from '#stack/schedule/scheduler.ts';
import type { SchedulePlan } from '#stack/template/plan-training.ts';

const next = (expression: string, after: string, timezone = 'UTC'): string | undefined =>
  parseScheduleExpression(expression, timezone)(new Date(after))?.toISOString();

describe('the next run', () => {
  test.each([
    ['rate(5 minutes)', '2026-03-01T10:00:00Z', '2026-03-01T10:05:00.000Z'],
    ['rate(1 hour)', '2026-03-01T10:00:00Z', '2026-03-01T11:00:00.000Z'],
    ['rate(7 days)', '2026-03-01T10:00:00Z', '2026-03-08T10:00:00.000Z'],
    ['cron(0 3 * * ? *)', '2026-03-01T10:00:00Z', '2026-03-02T03:00:00.000Z'],
    ['cron(*/15 * * * ? *)', '2026-03-01T10:01:00Z', '2026-03-01T10:15:00.000Z'],
    ['cron(30 2 1 * ? *)', '2026-03-01T10:00:00Z', '2026-04-01T02:30:00.000Z'],
    // 2026-03-01 is a Sunday: 1 in the cloud's count.
    ['cron(0 12 ? * 1 *)', '2026-03-02T00:00:00Z', '2026-03-08T12:00:00.000Z'],
    ['cron(0 12 ? * 2 *)', '2026-03-03T00:00:00Z', '2026-03-09T12:00:00.000Z'],
    ['cron(0 12 ? * MON-FRI *)', '2026-03-06T13:00:00Z', '2026-03-09T12:00:00.000Z'],
    ['cron(0 12 ? JUL WED *)', '2026-03-06T13:00:00Z', '2026-07-01T12:00:00.000Z'],
    ['cron(0 0 1 1 ? 2030)', '2026-03-01T10:00:00Z', '2030-01-01T00:00:00.000Z'],
    ['cron(0 0 1 1 ? 2020)', '2026-03-01T10:00:00Z', undefined],
  ])('%s after %s is %s', (expression, after, expected) => {
    expect(next(expression, after)).toBe(expected);
  });

  test('is in the schedule’s time zone, also when the clocks change', () => {
    expect(next('cron(0 3 * * ? *)', '2026-03-28T12:00:00Z', 'Europe/Berlin')).toBe('2026-03-29T01:00:00.000Z');
    expect(next('cron(0 3 * * ? *)', '2026-03-27T12:00:00Z', 'Europe/Berlin')).toBe('2026-03-28T02:00:00.000Z');
  });
});

test.each([
  ['rate(0 days)', /a rate is a positive number/],
  ['rate(1 fortnight)', /a rate is a positive number/],
  ['at(2026-01-01T00:00:00)', /runs rate\(…\) and cron\(…\)/],
  ['cron(0 3 * * *)', /six fields/],
  ['cron(0 0 L * ? *)', /count differently/],
  ['cron(0 0 ? * 2#1 *)', /count differently/],
  ['cron(0 0 15W * ? *)', /count differently/],
  ['cron(99 0 * * ? *)', /schedule 'cron\(99 0 \* \* \? \*\)'/],
])('%s is refused', (expression, message) => {
  expect(() => parseScheduleExpression(expression, 'UTC')).toThrow(message);
});

describe('the scheduler', () => {
  beforeEach(() => vi.useFakeTimers({ now: new Date('2026-03-01T00:00:00Z') }));
  afterEach(() => vi.useRealTimers());

  const schedule = (plan: Partial<SchedulePlan>): SchedulePlan => ({
    key: 'Retrain',
    name: 'Retrain',
    expression: 'rate(30 days)',
    timezone: 'UTC',
    enabled: true,
    targetArn: 'target',
    input: '{}',
    atStart: undefined,
    ...plan,
  });
  const days = (count: number): number => count * 86_400_000;

  test('starts the target at each time, also beyond the longest timer, until it is stopped', () => {
    const runs: string[] = [];
    const scheduler = new Scheduler([schedule({})], (target) => runs.push(`${target} ${new Date().toISOString()}`));
    vi.advanceTimersByTime(days(61));
    expect(runs).toEqual(['target 2026-03-31T00:00:00.000Z', 'target 2026-04-30T00:00:00.000Z']);
    scheduler.stop();
    vi.advanceTimersByTime(days(61));
    expect(runs).toHaveLength(2);
  });

  test('leaves a disabled schedule alone', () => {
    const runs: string[] = [];
    new Scheduler([schedule({ enabled: false })], (target) => runs.push(target));
    vi.advanceTimersByTime(days(100));
    expect(runs).toEqual([]);
  });

  test('fills the time into the input', () => {
    const inputs: string[] = [];
    const input = '{"at":"<aws.scheduler.scheduled-time>","id":"<aws.scheduler.execution-id>"}';
    new Scheduler([schedule({ expression: 'rate(1 hour)', input })], (_, given) => inputs.push(given));
    vi.advanceTimersByTime(3_600_000);
    expect(JSON.parse(inputs[0] ?? '')).toEqual({
      at: '2026-03-01T01:00:00Z',
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
  });
});
