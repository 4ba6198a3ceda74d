import { readFile } from 'node:fs/promises';
import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, test } from 'vitest';
import { openApiDocument } from '#contract/document.ts';
import { examples } from '#contract/examples.ts';
import type { Operation } from '#contract/operation.ts';
import { operations } from '#contract/operations.ts';
import { problemSchema } from '#contract/problem.ts';
import { routeIds, routes } from '#contract/routes.ts';

// biome-ignore lint/suspicious/noExplicitAny: a JSON document
const document = JSON.parse(JSON.stringify(openApiDocument())) as any;

test('docs/openapi.json is the document that is served; if not: node scripts/write-openapi.ts', async () => {
  const file = new URL('../../../docs/openapi.json', import.meta.url);
  expect(await readFile(file, 'utf8')).toBe(`${JSON.stringify(document, null, 2)}\n`);
});

test('the document is valid OpenAPI 3.1, and every reference in it leads somewhere', async () => {
  const validator = new Validator();
  expect(await validator.validate(structuredClone(document))).toEqual({ valid: true });
  expect(validator.version).toBe('3.1');
  for (const [, path] of JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)) {
    expect(path!.split('/').reduce((at, step) => at?.[step], document)).toBeDefined();
  }
});

test('each route but the public two needs a token and may answer 401 and 403', () => {
  for (const [path, item] of Object.entries<Record<string, { security: object[]; responses: object }>>(
    document.paths,
  )) {
    for (const operation of Object.values(item)) {
      const open = path === '/v1/health' || path === '/openapi.json';
      expect(operation.security).toEqual(open ? [] : [{ bearer: [] }]);
      if (!open) expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(['401', '403', '500']));
    }
  }
});

describe('the examples', () => {
  // That a service answers so is for test/e2e/training.test.ts.
  test('are requests and replies of the contract; if not: SUGARBUSH_RECORD_EXAMPLES=1 npx vitest run test/e2e/training.test.ts', () => {
    for (const { operation: id, request, status, reply } of examples) {
      const operation: Operation = operations[id];
      for (const part of ['path', 'query', 'body'] as const) operation[part]?.parse(request[part] ?? {});
      if (reply !== undefined) (status < 400 ? operation.reply : problemSchema).parse(reply);
    }
  });

  test('show every route, its request and its reply', () => {
    // One example, or several by number.
    const exemplified = expect.toSatisfy((of: object) => ('example' in of ? !('examples' in of) : 'examples' in of));
    expect(new Set(examples.map(({ operation }) => operation))).toEqual(new Set(routeIds));
    for (const id of routeIds) {
      const shown = document.paths[routes[id].path][routes[id].method.toLowerCase()];
      for (const { name, required, example } of shown.parameters ?? []) {
        if (required) expect([id, name, example]).toEqual([id, name, expect.any(String)]);
      }
      if (shown.requestBody) expect([id, shown.requestBody.content['application/json']]).toEqual([id, exemplified]);
      const [reply] = Object.values<{ content: Record<string, object> }>(shown.responses);
      const json = reply!.content['application/json'];
      if (json && id !== 'openapi') expect([id, json]).toEqual([id, exemplified]);
    }
  });

  test('hold no secret that is of use', () => {
    const text = JSON.stringify(document);
    for (const [, secret] of text.matchAll(/sb_[0-9a-f]{16}_([\w-]{43})/g)) expect(secret).toMatch(/^x+$/);
    for (const [, signature] of text.matchAll(/X-Amz-Signature=([^&"]*)/g)) expect(signature).toMatch(/^x+$/);
  });
});

test('limits stand in the document', () => {
  const { properties, additionalProperties } = document.components.schemas.PredictionRequest;
  expect(properties.architectures).toMatchObject({ minItems: 1, maxItems: 20_000 });
  expect(properties.targets).toMatchObject({ minItems: 1, maxItems: 100 });
  expect(additionalProperties).toBe(false);
});
