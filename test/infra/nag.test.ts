// cdk-nag's rules are armed: they refuse what they should, and every exception carries a reason.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Stack } from 'aws-cdk-lib';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { expect, test, vi } from 'vitest';
import { buildApp } from '#infra/app.ts';
import { synthesised } from './synthesised.ts';

// A synth takes seconds alone and many more beside other work.
vi.setConfig({ testTimeout: 120_000 });

test('the app passes, and each exception says why', () => {
  const { folder } = synthesised();
  const accepted = ['SugarbushData', 'SugarbushService'].flatMap((stack) => {
    const metadata = JSON.parse(readFileSync(join(folder, `${stack}.metadata.json`), 'utf8')) as Record<
      string,
      { type: string; data: unknown }[]
    >;
    return Object.values(metadata)
      .flat()
      .filter(({ type }) => type === 'aws:cdk:acknowledged-rules')
      .flatMap(({ data }) => Object.entries(data as Record<string, string>));
  });
  expect(accepted.length).toBeGreaterThan(0);
  for (const [rule, reason] of accepted) expect([rule, reason.length > 30]).toEqual([rule, true]);
  const rules = new Set(accepted.map(([rule]) => rule.replace(/\[.*/, '').split('::').at(-1)));
  expect([...rules].sort()).toEqual(['AwsSolutions-APIG4', 'AwsSolutions-IAM5', 'AwsSolutions-S1', 'AwsSolutions-SF2']);
  rmSync(dirname(folder), { recursive: true, force: true });
});

test('an open bucket is refused', () => {
  const outdir = mkdtempSync(join(tmpdir(), 'sugarbush-nag-'));
  const app = buildApp({
    outdir,
    onnxruntimeFolder: 'test/fixtures/functions',
    functionsFolder: 'test/fixtures/functions',
  });
  new Bucket(app.node.findChild('SugarbushData') as Stack, 'Open');
  expect(() => app.synth()).toThrow(/AwsSolutions-S10/);
  rmSync(outdir, { recursive: true, force: true });
});
