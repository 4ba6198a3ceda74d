import { expect, test } from 'vitest';
import { idsOfBody, idsOfPath, idsOfReply, idsOfStep } from '#functions/shared/log-ids.ts';

test('the id in a path has the name of what it is of', () => {
  expect(idsOfPath('showUpload', { id: 'u1' })).toEqual({ uploadId: 'u1' });
  expect(idsOfPath('rotateDeviceToken', { id: 'd1' })).toEqual({ deviceId: 'd1' });
  expect(idsOfPath('stopTrainingRun', { id: 'r1' })).toEqual({ runId: 'r1' });
  expect(idsOfPath('showReport', { version: 'v1' })).toEqual({ predictorVersion: 'v1' });
  expect(idsOfPath('showTarget', { id: 't1' })).toEqual({ targetId: 't1' });
  // Not the caller's own.
  expect(idsOfPath('revokeToken', { id: 'k1' })).toEqual({ namedTokenId: 'k1' });
  expect(idsOfPath('listTargets')).toEqual({});
  expect(idsOfPath('setChampion')).toEqual({});
});

test('a text that is no id is not logged as one', () => {
  expect(idsOfPath('showTarget', { id: 'line\nbreak' })).toEqual({});
  expect(idsOfPath('showTarget', { id: 'x'.repeat(129) })).toEqual({});
  expect(idsOfBody({ target: '{"level":"ERROR"}' })).toEqual({});
  expect(idsOfBody({ targets: ['pi-5', 7, 'a b'] })).toEqual({ targetIds: ['pi-5'] });
  for (const nothing of [undefined, null, 'text', 7, []]) {
    expect([idsOfBody(nothing), idsOfReply(nothing), idsOfStep(nothing)]).toEqual([{}, {}, {}]);
  }
});

test('of many targets twenty are named', () => {
  const targets = Array.from({ length: 100 }, (_, i) => `t${i}`);
  expect(idsOfBody({ targets })).toEqual({ targetIds: targets.slice(0, 20) });
});

test('a reply tells of what was made', () => {
  expect(idsOfReply({ uploadId: 'u1', status: 'waiting' })).toEqual({ uploadId: 'u1' });
  expect(idsOfReply({ device: { deviceId: 'd1', name: 'Pi' }, token: 'sb_secret' })).toEqual({ deviceId: 'd1' });
  expect(idsOfReply({ run: { runId: 'r1' }, steps: [] })).toEqual({ runId: 'r1' });
});

test('a step is found by run, fit, fold and batch', () => {
  expect(idsOfStep({ runId: 'r', fitId: 'f' })).toEqual({ runId: 'r', fitId: 'f' });
  expect(idsOfStep({ runId: 'r', fold: 0 })).toEqual({ runId: 'r', fold: 0 });
  expect(idsOfStep({ runId: 'r', batch: { after: 'pi', count: 50 } })).toEqual({ runId: 'r', afterTargetId: 'pi' });
});
