// What the bench of worst requests makes of what it measured.
import { expect, test } from 'vitest';
import type { WorstRequest } from '#cli/bench/worst/requests.ts';
import { worstFaults, worstOfEach, worstTable } from '#cli/bench/worst/verdict.ts';

const cheap: WorstRequest = {
  route: 'showTarget',
  kind: 'refused',
  what: 'a long unknown id',
  status: 404,
  cpuMs: 100,
  growthMB: 20,
  replyBytes: 300,
  cpuShare: 0.4,
  memoryShare: 0.1,
};
const hungry: WorstRequest = { ...cheap, what: 'nearly a name', cpuMs: 50, growthMB: 202, memoryShare: 1.01 };
const slow: WorstRequest = { ...cheap, kind: 'answered', what: 'all', status: 200, cpuMs: 251, cpuShare: 1.004 };
const odd: WorstRequest = { ...cheap, route: 'predict', unexpected: '500, not 400: {}', status: 500 };

test('the worst of each route and kind is that with the larger share', () => {
  expect(worstOfEach([cheap, slow, hungry])).toEqual([hungry, slow]);
});

test('what took more than it may, or was answered otherwise, is a fault', () => {
  expect(worstFaults([cheap])).toEqual([]);
  expect(worstFaults([cheap, hungry, slow, odd])).toEqual([
    'showTarget, refused, nearly a name: 50 ms of a core, 202 MB, 101 % of what it may take',
    'showTarget, answered, all: 251 ms of a core, 20 MB, 100 % of what it may take',
    'predict, refused, a long unknown id: answered 500, not 400: {}',
  ]);
});

test('the table ends with the verdict', () => {
  expect(worstTable([cheap])).toMatch(
    /\nshowTarget .* 404 .* 100 ms .* 40 % .* 20 MB .* 10 % .*\n.*\nEach request took/,
  );
  expect(worstTable([hungry])).toContain('\nMore than it may, or not as expected:\nshowTarget, refused, nearly a name');
});
