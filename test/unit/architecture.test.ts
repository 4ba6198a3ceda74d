// The design's arrows, held by reading every import: core stands on nothing; the wire's contract on core; its client on
// both, and so whoever serves or asks; infra on the contract alone. And no source file grows past 500 lines
// unexplained.
import { globSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { assemblyInputs } from '#scripts/synth.ts';
import { against, circleIn, folderGraph } from './folder-graph.ts';
import { ambiguousFiles, repeatedFiles, repeatedTypes } from './names.ts';
import { headerOf, importsOf } from './source-imports.ts';
import { surroundingsIn } from './surroundings.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folders = [
  'core',
  'contract',
  'client',
  'agent',
  'functions',
  'infra',
  'layers',
  'report',
  'stack',
  'cli',
  'command-line',
  'data',
  'scripts',
] as const;
type Folder = (typeof folders)[number];

/** Which of the project's own files a folder's files may import, by path prefix. */
const mayImport: Readonly<Record<Folder, readonly string[]>> = {
  core: ['core/'],
  contract: ['contract/', 'core/'],
  client: ['client/', 'contract/', 'core/'],
  'command-line': ['command-line/', 'core/errors.ts'],
  agent: ['agent/', 'command-line/', 'client/', 'contract/', 'core/'],
  functions: ['functions/', 'contract/', 'core/', 'report/'],
  // Which variables every process has is stated once.
  infra: ['infra/', 'contract/', 'core/onnx/quiet-environment.ts'],
  layers: ['layers/'],
  report: ['report/', 'core/'],
  stack: ['stack/', 'contract/', 'layers/', 'command-line/make-folder.ts'],
  // People's programs may use everything but what runs in a Lambda; the store's adapter is the service's own.
  cli: [
    'cli/',
    'command-line/',
    'core/',
    'contract/',
    'client/',
    'agent/',
    'report/',
    'stack/',
    'scripts/',
    'functions/shared/s3-store.ts',
    'functions/shared/aws/',
    // Benches make the state that they start from as tests do.
    'test/fixtures/served-predictor.ts',
    'package.json',
  ],
  // How shipped data were made stands beside them.
  data: ['data/', 'core/', 'command-line/', 'scripts/build-agent.ts', 'scripts/zoo-models.ts'],
  scripts: ['scripts/', 'core/', 'contract/', 'cli/', 'stack/', 'layers/', 'package.json'],
};

const cloud =
  /^(@aws-sdk|@smithy|@aws-lambda-powertools|@middy|aws-lambda|aws-cdk|aws-cdk-lib|constructs|cdk-nag)(\/|$)/;
const hasNoCloud = new Set<Folder>(['core', 'contract', 'client', 'agent']);
const coreBuiltins = new Set(['node:crypto', 'node:zlib']);
const onnxRuntimeHome = 'core/onnx/session.ts';

/** Why `file` may not import `specifier`; undefined when it may. */
function objection(file: string, specifier: string): string | undefined {
  const folder = file.split('/')[0] as Folder;
  if (isBuiltin(specifier)) {
    if (!specifier.startsWith('node:')) return 'built-in modules are named with node:';
    if (folder !== 'core' || coreBuiltins.has(specifier)) return undefined;
    if (file === onnxRuntimeHome && specifier === 'node:module') return undefined;
    return 'core has no file system, process, network or threads';
  }
  if (specifier.startsWith('.') || specifier.startsWith('#')) {
    const target = specifier.startsWith('#') ? specifier.slice(1) : posix.join(posix.dirname(file), specifier);
    return mayImport[folder].some((allowed) => target.startsWith(allowed)) ? undefined : `${folder} may not use it`;
  }
  if (hasNoCloud.has(folder) && cloud.test(specifier)) return `${folder} has no AWS`;
  if (/^onnxruntime/.test(specifier) && folder === 'core' && file !== onnxRuntimeHome) {
    return `only ${onnxRuntimeHome} imports it`;
  }
  return undefined;
}

const objectionsTo = (file: string, source: string): string[] =>
  importsOf(source).flatMap(({ specifier, line }) => {
    const reason = objection(file, specifier);
    return reason ? [`${file}:${line} imports '${specifier}': ${reason}`] : [];
  });

const sourceFiles = globSync(`{${folders.join(',')}}/**/*.{ts,mts,js,mjs}`, { cwd: root })
  .map((file) => file.replaceAll('\\', '/'))
  .toSorted();
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

test('every source folder is looked at', () => {
  for (const folder of folders) {
    expect(
      sourceFiles.some((f) => f.startsWith(`${folder}/`)),
      folder,
    ).toBe(true);
  }
});

test('a synthesis is done again when anything changes that goes into it', () => {
  const isInput = (path: string): boolean => assemblyInputs.some((input) => path.startsWith(`${input}/`));
  expect([...mayImport.infra, ...mayImport.functions].filter((path) => !isInput(path))).toEqual([]);
});

test('imports follow the arrows of the design', () => {
  expect(sourceFiles.flatMap((file) => objectionsTo(file, read(file)))).toEqual([]);
});

const coreFiles = sourceFiles.filter((file) => file.startsWith('core/'));

test('core has no process, clock, randomness or HTTP of its own', () => {
  const found = coreFiles.flatMap((file) => surroundingsIn(file, read(file)));
  // ONNX Runtime reads the variable that keeps its telemetry off.
  expect(found.filter((each) => !(each.startsWith(`${onnxRuntimeHome}:`) && each.endsWith('a process')))).toEqual([]);
});

/** Folders of core from the ground up. One may import those before it, and no other. */
const coreOrder = [
  'errors.ts',
  'random.ts',
  'text',
  'matrix',
  'statistics',
  'onnx',
  'graph',
  'search-space',
  'standard-networks',
  'descriptor',
  'dataset',
  'store',
  'access',
  'predictor',
  'models',
  'predictors',
  'targets',
  'intake',
  'serve',
  'training',
] as const;

test('the folders of core stand on each other without a circle, in the stated order', () => {
  const graph = folderGraph(coreFiles.map((file) => ({ file, source: read(file) })));
  expect([...graph.keys()].filter((folder) => !(coreOrder as readonly string[]).includes(folder))).toEqual([]);
  expect(circleIn(graph)).toBeUndefined();
  expect(against(graph, coreOrder)).toEqual([]);
});

const mostLines = 500;
const isUnexplained = (source: string): boolean =>
  source.split('\n').length > mostLines && !/\blines\b/.test(headerOf(source));

test(`a file past ${mostLines} lines says why in its header`, () => {
  expect(sourceFiles.filter((file) => isUnexplained(read(file)))).toEqual([]);
});

const mostFilesOfFolder = 16;
/** Families: one file a pass, one a group of operators. Nobody reads them from one end to the other. */
const families = ['core/graph/passes', 'core/graph/inference'];

describe('one name means one thing', () => {
  const core = sourceFiles.filter((file) => file.startsWith('core/')).map((file) => [file, read(file)] as const);

  test('no file of core is called by a word that another room goes by too', () => {
    expect(ambiguousFiles(core)).toEqual([]);
    expect(repeatedFiles(core)).toEqual([]);
  });

  test('no two exported types share a name', () => {
    const source = sourceFiles.map((file) => [file, read(file)] as const);
    // An operator graph and a graph that is being built both speak ONNX, whose word it is.
    const spokenTwice = /^Tensor: core\/onnx\/\S+, core\/graph\/\S+$|^Tensor: core\/graph\/\S+, core\/onnx\/\S+$/;
    expect(repeatedTypes(source).filter((found) => !spokenTwice.test(found))).toEqual([]);
  });

  test('violations are found', () => {
    const files: [string, string][] = [
      ['core/a/predict.ts', 'export function predict() {}'],
      ['core/b/predict-latencies.ts', ''],
      ['core/a/profile.ts', 'export interface Profile {}'],
      ['core/b/profile-parts.ts', 'export type Profile = string;'],
      ['core/a/keys.ts', ''],
      ['core/b/keys.ts', ''],
      ['core/a/two-words.ts', ''],
      ['core/b/two-words.ts', ''],
    ];
    expect(ambiguousFiles(files)).toEqual(['core/a/predict.ts: core/b/predict-latencies.ts']);
    expect(repeatedFiles(files)).toEqual(['two-words.ts: core/a/two-words.ts, core/b/two-words.ts']);
    expect(repeatedTypes(files)).toEqual(['Profile: core/a/profile.ts, core/b/profile-parts.ts']);
  });

  test(`no folder of core has more than ${mostFilesOfFolder} files`, () => {
    const folders = Map.groupBy(core, ([file]) => posix.dirname(file));
    const full = [...folders].filter(([folder, own]) => own.length > mostFilesOfFolder && !families.includes(folder));
    expect(full.map(([folder]) => folder)).toEqual([]);
  });
});

describe('a planted violation is caught', () => {
  const planted: readonly (readonly [string, string])[] = [
    ['core/a/b.ts', "import { handler } from '#functions/predict.ts';"],
    ['core/a/b.ts', "import { handler } from '../../functions/predict.ts';"],
    ['core/a/b.ts', "import {\n  one,\n  two,\n} from '#agent/cli.ts';"],
    ['core/a.ts', "export { x } from '#cli/evaluate.ts';"],
    ['core/a.ts', "import { renderReport } from '#report/render-report.ts';"],
    ['contract/a.ts', "import { handler } from '#functions/predict.ts';"],
    ['report/a.ts', "import { predictRequestSchema } from '#contract/predictions.ts';"],
    ['stack/a.ts', "import { fit } from '#core/predictor/fitting/fit-predictor.ts';"],
    ['core/a.ts', "import type { S3Client } from '@aws-sdk/client-s3';"],
    ['core/a.ts', "import { readFile } from 'node:fs/promises';"],
    ['core/a.ts', "import { spawn } from 'node:child_process';"],
    ['core/a.ts', "import process from 'node:process';"],
    ['core/a.ts', "import { Worker } from 'node:worker_threads';"],
    ['core/a.ts', "const fs = await import('node:fs');"],
    ['core/a.ts', "import fs from 'fs';"],
    ['core/onnx/trainer.ts', "import * as ort from 'onnxruntime-node';"],
    ['core/onnx/trainer.ts', "const ort = createRequire(import.meta.url)('onnxruntime-node');"],
    ['core/onnx/trainer.ts', "type Ort = typeof import('onnxruntime-node');"],
    ['agent/cli.ts', "import { S3Client } from '@aws-sdk/client-s3';"],
    ['agent/cli.ts', "import { x } from '#functions/shared/x.ts';"],
    ['agent/cli.ts', "new Worker(new URL('../scripts/worker.ts', import.meta.url));"],
    ['functions/predict.ts', "import { startStack } from '#stack/stack.ts';"],
    ['functions/predict.ts', "import { Api } from '#infra/constructs/api.ts';"],
    ['client/a.ts', "import { handler } from '#functions/predict.ts';"],
    ['client/a.ts', "import { S3Client } from '@aws-sdk/client-s3';"],
    ['contract/a.ts', "import { apiClient } from '#client/client.ts';"],
    ['functions/predict.ts', "import { apiClient } from '#client/client.ts';"],
    ['infra/app.ts', "import { fit } from '#core/predictor/fitting/fit-predictor.ts';"],
    ['infra/app.ts', "import '../functions/predict.ts';"],
    ['cli/start.ts', "import { handler } from '#functions/predict.ts';"],
    ['cli/start.ts', "import { app } from '#infra/app.ts';"],
  ];
  for (const [file, line] of planted) {
    test(`${file}: ${line.replaceAll('\n', ' ')}`, () => {
      expect(objectionsTo(file, `// Header.\n\n${line}\n`)).toHaveLength(1);
    });
  }

  const surroundings: readonly (readonly [string, string])[] = [
    ['const now = Date.now();', 'a clock'],
    ['export function f({ now = Date.now }) {}', 'a clock'],
    ['const time = new Date().toISOString();', 'a clock'],
    ['const since = performance.now();', 'a clock'],
    ['await new Promise((resolve) => setTimeout(resolve, 20));', 'a timer'],
    ['setInterval(look, 1000);', 'a timer'],
    ['const share = Math.random();', 'randomness'],
    ["import { createHash, randomBytes } from 'node:crypto';", 'randomness'],
    ["import {\n  createHash,\n  randomUUID,\n} from 'node:crypto';", 'randomness'],
    ["import * as crypto from 'node:crypto';", 'randomness'],
    ['const id = crypto.randomUUID();', 'randomness'],
    ["const issues = [{ path: 'headers/idempotency-key', message }];", 'a header'],
    ["const headers = { 'Content-Type': type };", 'a header'],
    ['const wait = reply["retry-after"];', 'a header'],
    ["const url = 'https://example.org/a';", 'a URL'],
    ['const url = `http://127.0.0.1:8080/`;', 'a URL'],
    ['const report = `/v1/predictors`;', 'a URL'],
    ['const place = new URL(base);', 'a URL'],
    ['await fetch(place);', 'a URL'],
    ['return { status: 404, message };', 'an HTTP status'],
    ['if (reply.statusCode === 503) retry();', 'an HTTP status'],
    ["const region = process.env['AWS_REGION'];", 'a process'],
  ];
  for (const [line, what] of surroundings) {
    test(`core: ${line.replaceAll('\n', ' ')}`, () => {
      expect(surroundingsIn('core/a/b.ts', `// Header.\n\n${line}\n`)).toEqual([`core/a/b.ts:3 has ${what}`]);
    });
  }

  test('a circle of folders is named, also where only types go round it', () => {
    const files = [
      { file: 'core/a/x.ts', source: "import type { B } from '#core/b/y.ts';\n" },
      { file: 'core/b/y.ts', source: "import { z } from '../c/z.ts';\n" },
      { file: 'core/c/z.ts', source: "export { a } from '#core/a/w.ts';\nimport { e } from '#core/errors.ts';\n" },
      { file: 'core/errors.ts', source: 'export const e = 1;\n' },
    ];
    const graph = folderGraph(files);
    expect(circleIn(graph)).toEqual(['a', 'b', 'c', 'a']);
    expect(circleIn(folderGraph(files.slice(1)))).toBeUndefined();
    expect(against(graph, ['errors.ts', 'c', 'b', 'a'])).toEqual(['c uses a, which stands after it']);
  });

  test('and what is allowed passes, comments included', () => {
    const allowed = `// import { x } from '#functions/x.ts';
/** import('node:fs') */
import { createHash } from 'node:crypto';
import { fit } from '#core/predictor/fitting/fit-predictor.ts';
import { near } from './near.ts';
import * as z from 'zod';
`;
    expect(objectionsTo('core/predictor/a.ts', allowed)).toEqual([]);
    expect(objectionsTo(onnxRuntimeHome, "import { createRequire } from 'node:module';\n")).toEqual([]);
    expect(objectionsTo('agent/cli.ts', "import { DomainError } from '#core/errors.ts';\n")).toEqual([]);
    const own = `// Date.now() and https://example.org are what others bring.
import { createHash, timingSafeEqual } from 'node:crypto';
const time = new Date(now).toISOString();
const status = 'running'; // setTimeout
const next = random.next();
const header = 'row 1';
`;
    expect(surroundingsIn('core/a.ts', own)).toEqual([]);
  });

  test('a long file without a reason, and one with it', () => {
    const body = 'export const a = 1;\n'.repeat(mostLines);
    expect(isUnexplained(`// A table.\n${body}`)).toBe(true);
    expect(isUnexplained(`// A table. Over 500 lines: one row a device.\n${body}`)).toBe(false);
    expect(isUnexplained('export const a = 1;\n'.repeat(mostLines - 1))).toBe(false);
  });
});
