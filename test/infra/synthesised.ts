// The app synthesised once for a test file, with tiny functions and a tiny layer: what is looked at is the template.
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildApp } from '#infra/app.ts';
import type { SugarbushConfig } from '#infra/config.ts';

export interface Template {
  readonly Resources: Record<string, { Type: string; Properties: Record<string, unknown>; [more: string]: unknown }>;
  readonly Outputs: Record<string, unknown>;
}

export interface Synthesised {
  readonly folder: string;
  readonly data: Template;
  readonly service: Template;
}

/** @throws when cdk-nag or CDK's own checks find something */
export function synthesised(config?: SugarbushConfig): Synthesised {
  const parent = mkdtempSync(join(tmpdir(), 'sugarbush-synth-'));
  const layer = join(parent, 'layer');
  mkdirSync(join(layer, 'nodejs'), { recursive: true });
  writeFileSync(join(layer, 'nodejs', 'content'), 'a layer');
  const folder = join(parent, 'cdk.out');
  buildApp({
    outdir: folder,
    onnxruntimeFolder: layer,
    functionsFolder: 'test/fixtures/functions',
    ...(config && { config }),
  }).synth();
  const read = (name: string): Template => JSON.parse(readFileSync(join(folder, `${name}.template.json`), 'utf8'));
  return { folder, data: read('SugarbushData'), service: read('SugarbushService') };
}

export function ofType(template: Template, type: string) {
  return Object.entries(template.Resources)
    .filter(([, resource]) => resource.Type === type)
    .map(([id, resource]) => ({ id, ...resource }));
}
