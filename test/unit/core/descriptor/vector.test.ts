import { describe, expect, it } from 'vitest';
import type { Descriptor } from '#core/descriptor/descriptor.ts';
import { descriptorOperators } from '#core/descriptor/descriptor-operators.ts';
import { descriptorColumns, descriptorVector } from '#core/descriptor/vector.ts';

const descriptor: Descriptor = {
  list: 'nasbench201',
  inputSize: 32,
  batchSize: 1,
  counters: {},
  operators: {
    'stage1/none': {
      latency: { medianMs: 0.5, trimmedMeanMs: 0.5, spreadMs: 0 },
      runs: 10,
      counters: { 'cpu-cycles': 1000, 'cpu-migrations': 0, 'LLC-loads': 'unsupported' },
      runningPercent: {},
    },
    'stage1/skip_connect': {
      latency: 'unsupported',
      runs: null,
      counters: { 'cpu-cycles': 77 },
      runningPercent: {},
    },
  },
};

function column(normalisation: 'operator-latency' | 'raw', name: string): [number, number, number] {
  const vector = descriptorVector(descriptor, 'nasbench201', normalisation);
  const at = vector.names.indexOf(name);
  return [vector.values[at]!, vector.present[at]!, vector.unsupported[at]!];
}

describe('descriptor vector', () => {
  it('describes the 15 operators and 6 backbone blocks of NAS-Bench-201', () => {
    expect(descriptorOperators.nasbench201).toHaveLength(21);
    expect(descriptorOperators.nasbench201.slice(0, 6)).toEqual([
      'stage1/none',
      'stage1/skip_connect',
      'stage1/nor_conv_1x1',
      'stage1/nor_conv_3x3',
      'stage1/avg_pool_3x3',
      'stage2/none',
    ]);
    expect(descriptorColumns('nasbench201')).toHaveLength(21 * 15);
    expect(descriptorColumns('fbnet')).toEqual([]);
  });

  it('keeps zero, unsupported and not counted apart', () => {
    expect(column('raw', 'stage1/none:cpu-migrations')).toEqual([0, 1, 0]);
    expect(column('raw', 'stage1/none:LLC-loads')).toEqual([Number.NaN, 0, 1]);
    expect(column('raw', 'stage1/none:instructions')).toEqual([Number.NaN, 0, 0]);
    expect(column('raw', 'stage3/none:latencyMs')).toEqual([Number.NaN, 0, 0]);
    expect(column('raw', 'stage1/skip_connect:latencyMs')).toEqual([Number.NaN, 0, 1]);
  });

  it('divides counters by the latency of their operator, where there is one', () => {
    expect(column('raw', 'stage1/none:cpu-cycles')).toEqual([1000, 1, 0]);
    expect(column('operator-latency', 'stage1/none:cpu-cycles')).toEqual([2000, 1, 0]);
    expect(column('operator-latency', 'stage1/none:latencyMs')).toEqual([0.5, 1, 0]);
    expect(column('raw', 'stage1/skip_connect:cpu-cycles')).toEqual([77, 1, 0]);
    expect(column('operator-latency', 'stage1/skip_connect:cpu-cycles')).toEqual([Number.NaN, 0, 0]);
  });

  it('is all absent without a descriptor', () => {
    const vector = descriptorVector(null, 'nasbench201', 'raw', ['cpu-cycles']);
    expect(vector.names).toHaveLength(42);
    expect(vector.present.some((flag) => flag === 1)).toBe(false);
    expect(vector.values.every(Number.isNaN)).toBe(true);
  });
});
