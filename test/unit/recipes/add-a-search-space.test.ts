// Walks the recipe "Add a search space" of CONTRIBUTING.md on a throw-away example: a folder (toy/) and a line in the
// list, and every part of the product that has to do with search spaces takes it. The line is added to spaces.ts for
// this test alone.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { workloadOptions } from '#agent/commands/measuring-options.ts';
import { exportModels } from '#agent/profile/models.ts';
import { defaultSplits } from '#cli/evaluate/default-splits.ts';
import { workloadOfColumn } from '#cli/import/table-profiles.ts';
import { searchSpaceNameSchema } from '#contract/search-space-name.ts';
import { supportSetSchema } from '#contract/support-set.ts';
import { type Profile, profileSchema } from '#core/dataset/profile.ts';
import { parseLatencyTable } from '#core/dataset/table.ts';
import { descriptorColumns } from '#core/descriptor/vector.ts';
import { createSession, float32Tensor } from '#core/onnx/session.ts';
import { describeNetwork } from '#core/search-space/network/describe.ts';
import { searchSpace, searchSpaceIds } from '#core/search-space/registry.ts';
import type { SearchSpace, SearchSpaceId } from '#core/search-space/search-space.ts';
import { exampleProfile } from '#scripts/build-profile-fixtures.ts';
import { promisesOf } from '../core/search-space/promises.ts';
import { toy } from './toy/space.ts';

vi.mock(import('#core/search-space/spaces.ts'), async (original) => {
  const { spaces } = await original();
  const { toy: added } = await import('./toy/space.ts');
  return { spaces: [...spaces, added] as unknown as typeof spaces };
});

// In the product the list's line makes this type too.
const id = 'toy' as string as SearchSpaceId;

test('the line makes it known', () => {
  expect(searchSpaceIds).toEqual(['nasbench201', 'fbnet', 'ofa', 'toy']);
  expect(searchSpace('toy')).toBe(toy);
  expect(() => searchSpace('darts')).toThrow(/there are: nasbench201, fbnet, ofa, toy/);
});

promisesOf(toy);

test('its network is its own, to the last weight', () => {
  // By hand: the stem 3·8·9 weights at 8×8, conv3 8·8·9 twice, conv1 8·8, the classifier 8·10 + 10.
  const { graph, parameters, macs } = describeNetwork(searchSpace('toy'), toy.parse(toy.example), {
    inputSize: 16,
    batchSize: 1,
  });
  expect(parameters).toBe(216 + 2 * 576 + 64 + 90);
  expect(macs).toBe((216 + 2 * 576 + 64) * 64 + 90);
  expect(graph.nodes.map(({ operator }) => operator).join(' ')).toBe(
    'Conv Relu Conv Relu AveragePool Conv Relu Conv Relu GlobalAveragePool Flatten Gemm',
  );
});

test('the agent offers it and writes models of it that run', async () => {
  expect(workloadOptions.searchSpace.help).toMatch(/, toy$/);
  expect(workloadOptions.inputSize.help).toMatch(/16 for toy/);
  const folder = mkdtempSync(join(tmpdir(), 'sugarbush-toy-'));
  try {
    exportModels(folder, { searchSpace: id, inputSize: 16, batchSize: 2 }, [toy.example], 0);
    expect(readdirSync(folder).sort()).toEqual([
      'index.json',
      'network-00000.onnx',
      'operator-layer-conv3.onnx',
      'operator-layer-pool3.onnx',
    ]);
    const session = await createSession(readFileSync(join(folder, 'network-00000.onnx')));
    const input = float32Tensor(new Float32Array(2 * 3 * 16 * 16).fill(1), [2, 3, 16, 16]);
    const [output] = Object.values(await session.run({ input }));
    expect(output!.dims).toEqual([2, 10]);
    await session.release();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

describe('profiles of it', () => {
  const operators = exampleProfile.descriptor!.operators;
  const [operator] = Object.values(operators);
  const profile = (inputSize: number | null, keys: readonly string[]): Profile => ({
    ...exampleProfile,
    workloads: [{ searchSpace: id, inputSize, batchSize: 1 }],
    descriptor: {
      ...exampleProfile.descriptor!,
      list: id,
      inputSize: 16,
      operators: Object.fromEntries(keys.map((key) => [key, operator!])),
    },
    measurements: [{ ...exampleProfile.measurements[0]!, architecture: toy.example }],
  });
  const issues = (value: Profile): string[] => {
    const parsed = profileSchema.safeParse(value);
    return parsed.success ? [] : parsed.error.issues.map((issue) => issue.path.join('.'));
  };

  test('have its operators and an input size', () => {
    expect(issues(profile(16, ['layer/conv3', 'layer/pool3']))).toEqual([]);
    expect(issues(profile(null, ['layer/conv3', 'layer/pool3']))).toEqual(['workloads.0.inputSize']);
    expect(issues(profile(16, ['layer/conv3']))).toEqual(['descriptor.operators.layer/pool3']);
    expect(descriptorColumns(id, ['cpu-cycles'])).toEqual([
      'layer/conv3:latencyMs',
      'layer/conv3:cpu-cycles',
      'layer/pool3:latencyMs',
      'layer/pool3:cpu-cycles',
    ]);
  });
});

test('tables, the import and the command line take it', () => {
  const text = `architecture,phone\n${toy.example},1.5\n`;
  expect(parseLatencyTable(text, { file: 'toy.csv', space: searchSpace('toy') }).texts).toEqual([toy.example]);
  expect(workloadOfColumn(id)).toEqual({ searchSpace: 'toy', inputSize: 16, batchSize: 1 });
  expect(defaultSplits[id].train).toEqual([]);
});

test('the contract names it', () => {
  expect(searchSpaceNameSchema.meta()!.description).toMatch(/, toy\./);
  const reply = { target: null, predictorVersion: null, measured: 0, architectures: [], expectedErrors: null };
  expect(supportSetSchema.safeParse({ ...reply, searchSpace: 'toy', inputSize: 16, batchSize: 1 }).success).toBe(true);
  expect(supportSetSchema.safeParse({ ...reply, searchSpace: 'darts', inputSize: 16, batchSize: 1 }).success).toBe(
    false,
  );
});

test('the compiler says what is missing', () => {
  // `npm run check` compiles this file: a line below that was no error any more would be one.
  const { networks, shippedTable, textUnits, ...bare } = toy;
  // @ts-expect-error without networks
  const noNetworks: SearchSpace<'toy'> = { ...bare, shippedTable, textUnits };
  // @ts-expect-error without a word on measurements that are shipped
  const noTable: SearchSpace<'toy'> = { ...bare, networks, textUnits };
  // @ts-expect-error without the words of its texts
  const noWords: SearchSpace<'toy'> = { ...bare, networks, shippedTable };
  // @ts-expect-error a chain that wants an input size, in a space whose architectures state their own
  const noSize: SearchSpace<'toy'> = { ...toy, networks: { ...networks, inputSizes: null } };
  // @ts-expect-error a space that is not in the list is none that the product knows
  const unknown: SearchSpaceId = 'toy';
  expect([noNetworks, noTable, noWords, noSize, unknown]).toHaveLength(5);
});
