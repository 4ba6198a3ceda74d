import { expect, test } from 'vitest';
import { DomainError } from '#core/errors.ts';
import { problemOf } from '#functions/shared/problem.ts';

test('an issue names the header on the wire where the domain names its argument', () => {
  const message = 'was used before';
  const error = new DomainError('conflict', message, { issues: [{ path: 'idempotencyKey', message }] });
  expect(problemOf(error, 'r')).toMatchObject({
    status: 409,
    issues: [{ path: 'headers/idempotency-key', message }],
  });
});

test('a refusal without an issue of its own has its message as one', () => {
  expect(problemOf(new DomainError('not-found', 'no such thing'), 'r')).toMatchObject({
    status: 404,
    issues: [{ path: '', message: 'no such thing' }],
  });
});
