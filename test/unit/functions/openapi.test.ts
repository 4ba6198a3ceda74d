import { readFile } from 'node:fs/promises';
import { Validator } from '@seriousme/openapi-schema-validator';
import { expect, test } from 'vitest';
import type { z } from 'zod';
import { openApiDocument } from '#contract/document.ts';
import { predictReplySchema, predictRequestSchema } from '#contract/predictions.ts';
import { problemSchema } from '#contract/problem.ts';
import { targetSchema } from '#contract/targets.ts';

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

test.each<[string, z.ZodType]>([
  ['PredictionRequest', predictRequestSchema],
  ['PredictionReply', predictReplySchema],
  ['Problem', problemSchema],
  ['Target', targetSchema],
])('the example of %s is valid', (name, schema) => {
  schema.parse(document.components.schemas[name].example);
});

test('limits stand in the document', () => {
  const { properties, additionalProperties } = document.components.schemas.PredictionRequest;
  expect(properties.architectures).toMatchObject({ minItems: 1, maxItems: 20_000 });
  expect(properties.targets).toMatchObject({ minItems: 1, maxItems: 100 });
  expect(additionalProperties).toBe(false);
});
