// The standard networks: what they span, and that what is measured is what is said of it.
import { describe, expect, test } from 'vitest';
import { graphHash } from '#core/graph/graph-hash.ts';
import { parseOperatorGraph } from '#core/graph/graph-json.ts';
import { lower } from '#core/graph/lower.ts';
import { bytesAsSource } from '#core/graph/onnx-file/byte-source.ts';
import { readOnnx } from '#core/graph/read-onnx.ts';
import { defaultLowerings } from '#core/predictor/hypotheses.ts';
import { classesOf, kernelClassNames } from '#core/predictor/kernels/kernel-classes.ts';
import { modelBytes } from '#core/search-space/network/with-weights.ts';
import { standardGraphs, standardNetworks } from '#core/standard-networks/standard-networks.ts';

test('they are few and different', () => {
  expect(standardNetworks).toHaveLength(17);
  expect(new Set(standardNetworks.map(({ name }) => name)).size).toBe(17);
  expect(new Set(standardGraphs().map(({ id }) => id)).size).toBe(17);
});

test('between them they have kernels of every class that networks of 32-bit floats without recurrence have', () => {
  const found = new Set(
    standardGraphs().flatMap(({ graph }) =>
      defaultLowerings.flatMap((lowering) => lower(graph, lowering).flatMap(({ kernel }) => classesOf(kernel))),
    ),
  );
  const missing = kernelClassNames.filter((name) => !found.has(name));
  // The run's constant is no kernel of a lowering; attention is one only where it comes in one node.
  expect(missing).toEqual(['recurrent', 'attention', 'quantize', 'other', 'run', 'half-precision', 'eight-bit']);
});

describe.each(standardNetworks)('$name', ({ describe: drawn }) => {
  test('is read back from the file that is measured as the graph that is sent', async () => {
    const network = drawn();
    const read = await readOnnx(bytesAsSource(modelBytes(network, 0)));
    expect(graphHash(read)).toBe(graphHash(network.graph));
  });

  test('is small: at most 250 million multiply-accumulates and 25 kB of graph', () => {
    const { graph } = drawn();
    const macs = lower(graph, 'eager').reduce((sum, { kernel, count }) => sum + count * kernel.macs, 0);
    expect(macs).toBeLessThan(250e6);
    const text = JSON.stringify(graph);
    expect(text.length).toBeLessThan(25_000);
    expect(graphHash(parseOperatorGraph(JSON.parse(text)))).toBe(graphHash(graph));
  });
});
