// Reads a CDK cloud assembly (cdk.out): its stacks in deployment order, each with its CloudFormation template and the
// folders of its assets. What a template means is the business of intrinsics.ts and plan.ts.
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import * as z from 'zod';
import { StackError } from '../stack-error.ts';

// CloudFormation and CDK add fields at will: these schemas read what is used and leave the rest alone.
const manifestSchema = z.object({
  artifacts: z.record(
    z.string(),
    z.object({
      type: z.string(),
      properties: z.record(z.string(), z.unknown()).optional(),
      dependencies: z.array(z.string()).optional(),
      displayName: z.string().optional(),
    }),
  ),
});

const assetsSchema = z.object({
  files: z.record(
    z.string(),
    z.object({
      source: z.object({ path: z.string(), packaging: z.string() }),
      destinations: z.record(z.string(), z.object({ objectKey: z.string() })),
    }),
  ),
});

const resourceSchema = z.object({
  Type: z.string(),
  Properties: z.record(z.string(), z.unknown()).default({}),
  Metadata: z.record(z.string(), z.unknown()).default({}),
  Condition: z.string().optional(),
});

const templateSchema = z.object({
  Resources: z.record(z.string(), resourceSchema),
  Outputs: z
    .record(
      z.string(),
      z.object({
        Value: z.unknown(),
        Export: z.object({ Name: z.unknown() }).optional(),
        Condition: z.string().optional(),
      }),
    )
    .default({}),
  Parameters: z.record(z.string(), z.object({ Type: z.string(), Default: z.unknown().optional() })).default({}),
  Conditions: z.record(z.string(), z.unknown()).default({}),
});

export type Resource = z.infer<typeof resourceSchema>;
export type Template = z.infer<typeof templateSchema>;

export interface AssemblyStack {
  readonly name: string;
  readonly template: Template;
  /** Object key of a file asset, as the template names it, to its folder on disk. */
  readonly assets: ReadonlyMap<string, string>;
}

/**
 * @param folder a cdk.out
 * @returns its stacks, each after those it depends on
 * @throws StackError when there is no assembly or it does not read as one
 */
export function loadAssembly(folder: string): AssemblyStack[] {
  const manifestFile = join(folder, 'manifest.json');
  if (!existsSync(manifestFile)) {
    throw new StackError(`no CDK cloud assembly in '${resolve(folder)}': synthesise first (node scripts/synth.ts)`);
  }
  const { artifacts } = read(manifestFile, manifestSchema);
  const ordered: AssemblyStack[] = [];
  const seen = new Set<string>();
  const visit = (id: string): void => {
    const artifact = artifacts[id];
    if (!artifact || seen.has(id)) return;
    seen.add(id);
    for (const dependency of artifact.dependencies ?? []) visit(dependency);
    if (artifact.type === 'aws:cloudformation:stack') ordered.push(loadStack(folder, id, artifact, artifacts));
  };
  for (const id of Object.keys(artifacts)) visit(id);
  return ordered;
}

type Artifacts = z.infer<typeof manifestSchema>['artifacts'];

function loadStack(folder: string, id: string, stack: Artifacts[string], artifacts: Artifacts): AssemblyStack {
  const templateFile = z.string().parse(stack.properties?.['templateFile']);
  const name = z.string().optional().parse(stack.properties?.['stackName']) ?? id;
  const assets = new Map<string, string>();
  for (const dependency of stack.dependencies ?? []) {
    const manifest = artifacts[dependency];
    if (manifest?.type !== 'cdk:asset-manifest') continue;
    const { files } = read(join(folder, z.string().parse(manifest.properties?.['file'])), assetsSchema);
    for (const { source, destinations } of Object.values(files)) {
      for (const { objectKey } of Object.values(destinations)) assets.set(objectKey, resolve(folder, source.path));
    }
  }
  return { name, template: read(join(folder, templateFile), templateSchema), assets };
}

function read<Schema extends z.ZodType>(file: string, schema: Schema): z.infer<Schema> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new StackError(`'${file}' cannot be read as JSON: synthesise again`, { cause });
  }
  const result = schema.safeParse(parsed);
  if (!result.success) throw new StackError(`'${file}' is not what CDK writes: ${z.prettifyError(result.error)}`);
  return result.data;
}
