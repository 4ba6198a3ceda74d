// docs/profile.schema.json in the tools of others: ajv without options, and Python's jsonschema where it is installed.
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const schema = JSON.parse(readFileSync(`${root}docs/profile.schema.json`, 'utf8')) as object;
const profile = readFileSync(`${root}test/fixtures/profiles/raspberry-pi-5.json`, 'utf8');
/** The profile with one thing changed, and whether it is one still. */
const cases: readonly (readonly [string, boolean])[] = [
  [profile, true],
  [profile.replace('"Raspberry Pi 5', '"树莓派 5'), true],
  [profile.replace('"Raspberry Pi 5', '"Raspberry  Pi 5'), false],
  [profile.replace('"Raspberry Pi 5', '"Raspberry\\nPi 5'), false],
  [profile.replace('"schemaVersion": 2', '"schemaVersion": 9'), false],
  [profile.replace('"schemaVersion": 2', '"schemaVersion": 2, "weights": []'), false],
];
const python = ['python3', 'python'].find((name) => spawnSync(name, ['-c', 'import jsonschema']).status === 0);

test('ajv takes the schema and tells profiles from others', () => {
  const { default: Ajv } = createRequire(import.meta.url)('ajv/dist/2020.js') as {
    default: new () => { compile(schema: object): (value: unknown) => boolean };
  };
  const isProfile = new Ajv().compile(schema);
  expect(cases.map(([text]) => isProfile(JSON.parse(text)))).toEqual(cases.map(([, expected]) => expected));
});

test.skipIf(python === undefined)('Python’s jsonschema takes the schema and tells profiles from others', () => {
  const script = `
import json, sys, jsonschema
schema, texts = json.load(sys.stdin)
jsonschema.Draft202012Validator.check_schema(schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)
print(json.dumps([jsonschema.Draft202012Validator(schema).is_valid(json.loads(text)) for text in texts]))`;
  const input = JSON.stringify([schema, cases.map(([text]) => text)]);
  const printed = execFileSync(python!, ['-c', script], { input, encoding: 'utf8' });
  expect(JSON.parse(printed)).toEqual(cases.map(([, expected]) => expected));
});
