// A device that has measured the standard networks and nothing else is predictable for every search space: the whole
// way of its profile through the embedded stack, and what of the networks the service got to see.
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { predictReplySchema } from '#contract/predictions.ts';
import { targetViewSchema } from '#contract/targets.ts';
import type { Profile } from '#core/dataset/profile.ts';
import { lower } from '#core/graph/lower.ts';
import type { OperatorGraph } from '#core/graph/operator-graph.ts';
import { seededRandom } from '#core/random.ts';
import { describeNetwork } from '#core/search-space/network/describe.ts';
import { searchSpaces } from '#core/search-space/registry.ts';
import type { SearchSpace } from '#core/search-space/search-space.ts';
import { workloadOf } from '#core/search-space/workload.ts';
import { standardGraphs } from '#core/standard-networks/standard-networks.ts';
import { exampleProfile } from '#scripts/build-profile-fixtures.ts';
import { type FieldStack, startFieldStack } from './field-stack.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 300_000 });

let field: FieldStack;
beforeAll(async () => {
  field = await startFieldStack({ predictor: 'shipped' });
});
afterAll(() => field?.close());

/** An accelerator by a page of arithmetic, which knows nothing of the predictor: every operator is launched by itself,
 * 20 µs each, at 10¹² multiply-accumulates and 2 · 10¹¹ bytes a second, depthwise ones at a fifth of that. */
function latencyMs(graph: OperatorGraph): number {
  return lower(graph, 'eager').reduce((sum, { kernel, count }) => {
    const rate = kernel.kind === 'depthwise-convolution' ? 2e8 : 1e9;
    const bytes = kernel.inputBytes + kernel.outputBytes + kernel.weightBytes;
    return sum + count * (0.02 + kernel.macs / rate + bytes / 2e8);
  }, 0.1);
}

const profile: Profile = {
  ...exampleProfile,
  target: { ...exampleProfile.target, hardware: { ...exampleProfile.target.hardware, model: 'Arithmetic board' } },
  workloads: [],
  descriptor: null,
  measurements: [],
  models: standardGraphs().map(({ graph }) => ({
    graph,
    latency: { medianMs: latencyMs(graph), trimmedMeanMs: null, spreadMs: null },
    runs: 50,
    stable: true,
  })),
};

/** Connected architectures of a space. */
function drawn(space: SearchSpace, count: number): string[] {
  const random = seededRandom(3);
  const texts = new Set<string>();
  while (texts.size < count) {
    const architecture = space.sample(random);
    if (space.isConnected(architecture)) texts.add(space.format(architecture));
  }
  return [...texts];
}

test('a profile of standard networks alone makes every search space predictable, and holds no weights', async () => {
  const device = await field.enrol('Board');
  const { uploadId } = await field.send(device, profile);
  const upload = await field.finished(device, uploadId);
  expect(upload).toMatchObject({ status: 'accepted', measurements: 17, excludedCount: 0 });
  const targetId = upload.targetId!;

  const shown = await field.call('GET', `/v1/targets/${targetId}`, field.reader);
  const { target, adaptation } = targetViewSchema.parse(await shown.json());
  expect(target).toMatchObject({ measurements: 17, models: 17, workloads: [], quality: 'good' });
  expect(adaptation).toMatchObject({ measurements: 17, trust: 'trusted' });

  for (const space of searchSpaces) {
    const architectures = drawn(space, 9);
    const asks = { searchSpace: space.id, target: targetId, architectures };
    const reply = predictReplySchema.parse(
      await (await field.call('POST', '/v1/predictions', field.reader, asks)).json(),
    );
    const [result] = reply.results;
    const errors = architectures.map((text, i) => {
      const { graph } = describeNetwork(space, space.parse(text), workloadOf({ searchSpace: space.id }));
      return Math.abs(result!.latencyMs[i]! / latencyMs(graph) - 1);
    });
    expect(errors.sort((a, b) => a - b)[4], space.id).toBeLessThan(0.1);
  }

  const next = `/v1/search-spaces/nasbench201/support-set?count=3&target=${targetId}`;
  expect(await (await field.call('GET', next, field.reader)).json()).toMatchObject({ measured: 0 });

  const kept: string[] = [];
  for await (const key of field.data.list(`profiles/${targetId}/`)) kept.push(key);
  const bytes = (await field.data.get(kept[0]!))!.body;
  const sent = JSON.parse(gunzipSync(bytes).toString('utf8')) as Profile;
  expect(sent.models).toHaveLength(17);
  for (const { graph } of sent.models!) {
    for (const { name, shape, values = [] } of graph.constants) {
      const isWeight = /^(weight|vector|variance)_/.test(name);
      expect(shape.length > 0 && isWeight ? values : [], `${graph.name} ${name}`).toEqual([]);
      expect(values.length).toBeLessThanOrEqual(16);
    }
  }
});
