// The profile of ONNX Runtime: events of a few runs, times worked out by hand.
import { describe, expect, test } from 'vitest';
import { parseOnnxProfile } from '#agent/runtimes/onnxruntime-profile.ts';

const node = (index: number, operator: string, dur: number, shapes: readonly number[][]) => ({
  cat: 'Node',
  name: `node_${index}_kernel_time`,
  dur,
  args: { op_name: operator, node_index: `${index}`, input_type_shape: shapes.map((float) => ({ float })) },
});
const end = { cat: 'Session', name: 'model_run', dur: 99, args: {} };
const depthwise = [
  [1, 16, 8, 8],
  [16, 1, 5, 5],
];

describe('a profile of ONNX Runtime', () => {
  test('the mean of the middle half of the last runs, and half a microsecond', () => {
    const run = (first: number, second: number) => [
      node(7, 'Conv', first, depthwise),
      node(3, 'Add', second, [[1], [1]]),
      end,
    ];
    const events = [
      { cat: 'Session', name: 'session_initialization', dur: 5, args: {} },
      ...run(900, 900),
      ...run(10, 1),
      ...run(12, 2),
      ...run(14, 2),
      ...run(500, 0),
    ];
    // Of the last four: 10 12 14 500 → 12 and 14; 0 1 2 2 → 1 and 2.
    expect(parseOnnxProfile(JSON.stringify(events), 4)).toEqual([
      { word: 'depthwise-convolution/5x5', time: 13.5 },
      { word: 'sum', time: 2 },
    ]);
  });

  test.each<[string, string, number[][]]>([
    ['convolution/1x1', 'FusedConv', [[1, 8, 4, 4], [16, 8, 1, 1], [16]]],
    ['grouped-convolution/3x3', 'Conv', [[1, 8, 4, 4], [16, 4, 3, 3], [16]]],
    [
      'convolution/1x3',
      'Conv',
      [
        [1, 8, 40],
        [16, 8, 3],
      ],
    ],
    ['convolution/3x3', 'QLinearConv', [[1, 8, 4, 4], [], [], [16, 8, 3, 3], [], []]],
    ['convolution', 'Conv', [[1, 8, 4, 4]]],
    ['fully-connected', 'MatMul', [[1, 197, 192]]],
    [
      'fully-connected',
      'MatMul',
      [
        [1, 197, 192],
        [192, 768],
      ],
    ],
    [
      'batched-product',
      'MatMul',
      [
        [1, 3, 197, 64],
        [1, 3, 64, 197],
      ],
    ],
    ['reorder', 'ReorderOutput', [[1, 8, 4, 4]]],
    ['other', 'SomethingNew', []],
  ])('%s', (word, operator, shapes) => {
    expect(parseOnnxProfile(JSON.stringify([node(0, operator, 1, shapes), end]), 5)).toEqual([{ word, time: 1.5 }]);
  });

  test.each(['', '[]', '[{"cat":"Node"}]', JSON.stringify([node(0, 'Add', 1, [])])])('%s is none', (text) => {
    expect(parseOnnxProfile(text, 5)).toBeUndefined();
  });
});
