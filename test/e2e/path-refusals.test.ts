// Documented refusals of path parameters, each asked of the embedded stack: for every route of the contract that has a
// parameter in its path, every refusal of its own that a parameter can meet.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Operation } from '#contract/operation.ts';
import { refusalsOf } from '#contract/operation.ts';
import { operations } from '#contract/operations.ts';
import { problemSchema } from '#contract/problem.ts';
import { type RefusalCode, refusalStatuses } from '#contract/refusals.ts';
import { filledPath, type RouteId, routeIds, routes } from '#contract/routes.ts';
import { type FieldStack, startFieldStack } from './field-stack.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

let field: FieldStack;
beforeAll(async () => {
  field = await startFieldStack();
});
afterAll(() => field?.close());

/** What a parameter of the path is refused with; the other refusals are of query, body, token or state. */
const ofPath: readonly RefusalCode[] = ['invalid-request', 'unknown-search-space', 'unknown-target', 'not-found'];

const parametersOf = (id: RouteId): string[] => [...routes[id].path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);

/** Longer than any parameter of the contract may be. */
const tooLong = 'x'.repeat(300);
/** Well-formed for each kind of id, and of nothing that there is. */
const unknown: Readonly<Record<string, string>> = { id: '0123456789abcdef', version: '0123456789abcdef' };

/** What else a request needs to be good. */
const rest: Partial<Record<RouteId, { readonly query?: string; readonly body?: unknown }>> = {
  rotateDeviceToken: { body: {} },
};

interface Case {
  readonly id: RouteId;
  readonly code: RefusalCode;
  readonly value: string;
}

const cases: Case[] = routeIds.flatMap((id) => {
  const operation: Operation = operations[id];
  if (parametersOf(id).length === 0) return [];
  return refusalsOf(id, operation)
    .filter((code) => ofPath.includes(code))
    .flatMap((code) => {
      const [name] = parametersOf(id);
      const malformed = ['no such thing', '%'];
      const well = unknown[name!]!;
      // The form of a version is checked before anybody looks for it; other ids are only looked for.
      const values =
        name === 'version'
          ? { form: [tooLong, ...malformed], name: [well] }
          : { form: [tooLong], name: [well, ...malformed] };
      return values[code === 'invalid-request' ? 'form' : 'name'].map((value): Case => ({ id, code, value }));
    });
});

/** A route may be refused a parameter under one of two names of what is not there. */
const meant = (id: RouteId, code: RefusalCode): boolean => {
  const own = refusalsOf(id, operations[id]).filter((each) => ofPath.includes(each) && each !== 'invalid-request');
  return code === 'invalid-request' || own[0] === code;
};

describe('each documented refusal of a path parameter', () => {
  test('there is one for every route with a parameter', () => {
    const withParameters = routeIds.filter((id) => parametersOf(id).length > 0);
    expect(withParameters.length).toBeGreaterThan(8);
    for (const id of withParameters) {
      expect([id, cases.some((each) => each.id === id && each.code !== 'invalid-request')]).toEqual([id, true]);
      expect([id, cases.some((each) => each.id === id && each.code === 'invalid-request')]).toEqual([id, true]);
    }
  });

  test.each(cases.filter(({ id, code }) => meant(id, code)))('$id of $value is $code', async ({ id, code, value }) => {
    const path = filledPath(id, Object.fromEntries(parametersOf(id).map((name) => [name, value])));
    const { query = '', body } = rest[id] ?? {};
    const access: string | readonly string[] = routes[id].access;
    const token = access.includes('operator') ? field.operator : field.reader;
    const response = await field.call(routes[id].method, `${path}${query}`, token, body);
    const problem = problemSchema.parse(await response.json());
    expect([response.status, problem.code]).toEqual([refusalStatuses[code], code]);
    const [issue] = problem.issues ?? [];
    // What it was, where it has room; never what lies behind it.
    if (code !== 'invalid-request') expect(`${problem.detail} ${issue?.message}`).toContain(value.slice(0, 32));
  });

  // API Gateway decodes a path before it looks for a route.
  test.each(routeIds.filter((id) => parametersOf(id).length > 0))(
    '%s of a name with a slash is not-found',
    async (id) => {
      const path = filledPath(id, Object.fromEntries(parametersOf(id).map((name) => [name, '../devices'])));
      expect(path).toContain('..%2Fdevices');
      const response = await field.call(routes[id].method, path, field.operator);
      expect(response.headers.get('content-type')).toBe('application/problem+json');
      expect(problemSchema.parse(await response.json())).toMatchObject({ status: 404, code: 'not-found' });
    },
  );
});
