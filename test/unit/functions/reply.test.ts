import { expect, test } from 'vitest';
import { problemReply, secondsLeftOfDay } from '#functions/shared/reply.ts';

test.each([
  ['2026-02-03T00:00:00.000Z', 86_400],
  ['2026-02-03T12:00:00.900Z', 43_200],
  ['2026-02-03T23:59:59.999Z', 1],
])('at %s a day has %i s left', (time, seconds) => {
  expect(secondsLeftOfDay(Date.parse(time))).toBe(seconds);
});

test('who used up a quota is told when it is there again', () => {
  const type = 'urn:sugarbush:problem:quota-exceeded';
  const problem = { type, title: 'Too much', status: 429, code: 'quota-exceeded', requestId: 'r' };
  const { headers } = problemReply(problem);
  const seconds = Number(headers?.['retry-after']);
  expect(seconds).toBeGreaterThanOrEqual(1);
  expect(seconds).toBeLessThanOrEqual(86_400);
});
