// The bundles of the functions as they are deployed: how large each is, what is not in it, and that what is left out of
// the report's is missed by nobody. Every byte of a bundle is read and parsed at each cold start.
import { globSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildSync } from 'esbuild';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { buildApp } from '#infra/app.ts';
import { bundleOptions } from '#infra/bundling.ts';
import { projectRoot } from '#infra/project-root.ts';
import { renderReport } from '#report/render-report.ts';
import { planStack } from '#stack/template/plan.ts';
import { reportInput } from '../fixtures/report-input.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

/** kB = 1000 bytes of JavaScript, without the source map, which is read only when a stack is printed. */
const limitsKB: Readonly<Record<string, number>> = { Predict: 500, Authorizer: 400 };
const otherLimitKB = 600;

let parent: string;
let bundles: { readonly key: string; readonly files: readonly string[]; readonly code: string }[];

beforeAll(() => {
  parent = mkdtempSync(join(tmpdir(), 'sugarbush-bundles-'));
  const onnxruntimeFolder = join(parent, 'layer');
  mkdirSync(join(onnxruntimeFolder, 'nodejs'), { recursive: true });
  writeFileSync(join(onnxruntimeFolder, 'nodejs', 'content'), 'a layer');
  const outdir = join(parent, 'cdk.out');
  buildApp({ outdir, onnxruntimeFolder }).synth();
  const { functions } = planStack(outdir, { region: 'us-east-1', accountId: '000000000000' });
  bundles = functions.map(({ key, codeFolder }) => ({
    key,
    files: readdirSync(codeFolder).sort(),
    code: readFileSync(join(codeFolder, 'function.js'), 'utf8'),
  }));
});
afterAll(() => rmSync(parent, { recursive: true, force: true }));

test('each bundle keeps its limit', () => {
  const sizes = bundles.map(({ key, code }) => ({ key, kB: Buffer.byteLength(code) / 1000 }));
  expect(sizes.length).toBeGreaterThan(15);
  expect(sizes.map(({ key }) => key)).toEqual(expect.arrayContaining(Object.keys(limitsKB)));
  expect(sizes.filter(({ key, kB }) => kB >= (limitsKB[key] ?? otherLimitKB))).toEqual([]);
});

test('what it runs from and its source map stand beside it', () => {
  for (const { key, files, code } of bundles) {
    expect([key, files]).toEqual([key, ['function.js', 'function.js.cache', 'function.js.map', 'index.mjs']]);
    expect([key, code.includes('sourceMappingURL=data:')]).toEqual([key, false]);
  }
});

test('no bundle has the AWS SDK, or words of the schema library in other languages', () => {
  // The SDK's protocol tables name every operation of S3; the second is Hebrew.
  const found = /PutBucketMetricsConfiguration|GetRoleCredentials|[\u05d0-\u05ea]{4}/;
  expect(bundles.filter(({ code }) => found.test(code)).map(({ key }) => key)).toEqual([]);
});

test('the schema library is imported so that its unused parts can go', () => {
  const files = globSync(
    '{agent,cli,client,command-line,contract,core,functions,infra,report,scripts,stack,test}/**/*.ts',
    {
      cwd: projectRoot,
    },
  );
  const wrong = files.filter((file) =>
    /^import \{[^}]*\} from 'zod';/m.test(readFileSync(join(projectRoot, file), 'utf8')),
  );
  // The one object that `{ z }` is holds all of it.
  expect(wrong, "write: import * as z from 'zod'").toEqual([]);
});

test('the report that a bundle draws is the report', async () => {
  const outfile = join(parent, 'report.mjs');
  const entryPoints = [join(projectRoot, 'report/render-report.ts')];
  const asModule = { format: 'esm', banner: {}, footer: {}, define: {} } as const;
  buildSync({ ...bundleOptions, ...asModule, minifyIdentifiers: true, entryPoints, outfile });
  expect(statSync(outfile).size).toBeLessThan(otherLimitKB * 1000);
  const bundled = (await import(pathToFileURL(outfile).href)) as { renderReport: typeof renderReport };
  expect(await bundled.renderReport(reportInput)).toBe(await renderReport(reportInput));
});
