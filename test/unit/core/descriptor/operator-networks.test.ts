// A descriptor's operators as networks: those with a latency, each the graph that the agent measures.
import { expect, test } from 'vitest';
import { operatorNetworks } from '#core/descriptor/operator-networks.ts';
import { graphHash } from '#core/graph/graph-hash.ts';
import { lnLoweringPriors } from '#core/predictor/operators/runtime-lowerings.ts';
import { describeOperator } from '#core/search-space/network/describe.ts';
import { searchSpace } from '#core/search-space/registry.ts';
import { exampleProfile } from '#scripts/build-profile-fixtures.ts';

test('an operator that never settled is left out', () => {
  const descriptor = exampleProfile.descriptor!;
  const restless = { ...descriptor.operators['stage1/skip_connect']!, stable: false };
  const operators = { ...descriptor.operators, 'stage1/skip_connect': restless };
  expect(operatorNetworks({ ...descriptor, operators })).toEqual(operatorNetworks(descriptor).slice(1));
});

test('operators without a latency are left out, the others keep the order of the list', () => {
  const descriptor = exampleProfile.descriptor!;
  const none = { latency: 'unsupported', runs: null, counters: {}, runningPercent: {} } as const;
  const operators = { ...descriptor.operators, 'stage2/none': none };
  const networks = operatorNetworks({ ...descriptor, inputSize: 32, batchSize: 2, operators });
  expect(networks).toHaveLength(operatorNetworks(descriptor).length - 1);
  const { graph } = describeOperator(searchSpace('nasbench201'), 'stage1/skip_connect', {
    inputSize: 32,
    batchSize: 2,
  });
  const { latency } = descriptor.operators['stage1/skip_connect']!;
  expect(networks[0]).toEqual({ id: graphHash(graph), graph, latencyMs: (latency as { medianMs: number }).medianMs });
  expect(networks[0]!.graph.inputs[0]!.shape).toEqual([2, 16, 32, 32]);
});

test('what ONNX Runtime never does is improbable of it, and nothing is of a runtime that is not known', () => {
  const lowerings = ['eager', 'pruned', 'onnxruntime-all', 'pruned-sums'] as const;
  const improbable = [0, Math.log(0.01), 0, Math.log(0.01)];
  expect(lnLoweringPriors('onnxruntime', lowerings)).toEqual(improbable);
  expect(lnLoweringPriors('onnxruntime-web', lowerings)).toEqual(improbable);
  expect(lnLoweringPriors('tflite', lowerings)).toEqual([0, 0, 0, 0]);
  expect(lnLoweringPriors(null, lowerings)).toEqual([0, 0, 0, 0]);
});
