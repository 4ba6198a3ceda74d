import fc from 'fast-check';
import { expect, test } from 'vitest';
import { seededRandom } from '#core/random.ts';
import { canonicalise, isConnectedCell, prune, swapInnerNodes } from '#core/search-space/nasbench201/canonical-cell.ts';
import {
  drawNasbench201Device,
  type Nasbench201Device,
  nasbench201Latency,
  nasbench201Workload,
} from '#core/search-space/nasbench201/simulator.ts';
import { nasbench201 } from '#core/search-space/nasbench201/space.ts';
import vectors from '../../../../fixtures/reference/nasbench201.json' with { type: 'json' };
import { dense, largestRelativeError } from '../vectors.ts';

const cells = fc.uint8Array({ min: 0, max: 4, minLength: 6, maxLength: 6 });
const cellsWithSwap = cells.map((cell) => Uint8Array.from(cell, (choice, edge) => (edge === 2 ? 0 : choice)));
const allCells = [...nasbench201.enumerate!()];

test('parses the reference cells to the same choices and prints them back', () => {
  for (const { text, choices } of vectors.architectures) {
    expect([...nasbench201.parse(text)]).toEqual(choices);
    expect(nasbench201.format(nasbench201.parse(text))).toBe(text);
  }
});

test('features equal the reference', () => {
  expect(nasbench201.featureNames).toHaveLength(64);
  expect(new Set(nasbench201.featureNames).size).toBe(64);
  const encoded = nasbench201.encode(vectors.architectures.map(({ text }) => nasbench201.parse(text)));
  const expected = vectors.architectures.flatMap(({ features }) => dense(features, 64));
  expect(encoded).toEqual(Float32Array.from(expected));
});

test('canonical and pruned cells equal the reference', () => {
  for (const { text, canonical, pruned, connected } of vectors.architectures) {
    const cell = nasbench201.parse(text);
    expect([...canonicalise(cell)]).toEqual(canonical);
    expect([...prune(cell)]).toEqual(pruned);
    expect(nasbench201.isConnected(cell)).toBe(connected);
  }
});

test('simulated latencies equal the reference under given device parameters', () => {
  const workload = nasbench201Workload(vectors.architectures.map(({ text }) => nasbench201.parse(text)));
  const indices = Int32Array.from(vectors.architectures.keys());
  expect(vectors.devices.length).toBeGreaterThanOrEqual(7);
  for (const { device, latency } of vectors.devices) {
    const disconnectedShare = device.disconnectedShare ?? undefined;
    const simulated = nasbench201Latency(workload, { ...device, disconnectedShare } as Nasbench201Device, indices);
    expect(largestRelativeError(simulated, latency)).toBeLessThan(1e-12);
  }
});

test('enumerates 15,625 distinct cells', () => {
  expect(allCells).toHaveLength(15_625);
  expect(new Set(allCells.map(nasbench201.format)).size).toBe(15_625);
});

test('canonical forms: two names for a cell without edge 1→2 unless both are the same', () => {
  const classes = new Set(allCells.map((cell) => nasbench201.format(canonicalise(cell))));
  // 5^5 cells lack edge 1→2; swapping changes all but those with equal edges into and equal edges out of both nodes.
  expect(classes.size).toBe(15_625 - (5 ** 5 - 5 ** 3) / 2);
});

test('a cell is connected exactly where some path has no none', () => {
  for (const cell of allCells) {
    const [e01, e02, e12, e03, e13, e23] = [...cell].map((choice) => choice !== 0);
    expect(isConnectedCell(cell)).toBe(e03 || (e01 && e13) || (e02 && e23) || (e01 && e12 && e23));
  }
});

test('property: encode and parse round-trip, pruning is idempotent, canonical form ignores the naming', () => {
  fc.assert(
    fc.property(cells, (cell) => {
      expect(nasbench201.parse(nasbench201.format(cell))).toEqual(cell);
      expect(prune(prune(cell))).toEqual(prune(cell));
      expect(canonicalise(canonicalise(cell))).toEqual(canonicalise(cell));
    }),
  );
  fc.assert(
    fc.property(cellsWithSwap, (cell) => {
      expect(canonicalise(swapInnerNodes(cell))).toEqual(canonicalise(cell));
      expect(nasbench201.encode([swapInnerNodes(cell)])).toEqual(nasbench201.encode([cell]));
    }),
  );
});

test('adding an edge that leads nowhere changes the written part of the features only', () => {
  const cell = nasbench201.parse('|nor_conv_3x3~0|+|none~0|none~1|+|none~0|skip_connect~1|none~2|');
  const withDeadEnd = nasbench201.parse('|nor_conv_3x3~0|+|none~0|avg_pool_3x3~1|+|none~0|skip_connect~1|none~2|');
  const [a, b] = [nasbench201.encode([cell]), nasbench201.encode([withDeadEnd])];
  const changed = nasbench201.featureNames.filter((_, i) => a[i] !== b[i]);
  expect(changed).toEqual(['written.edge12.avg_pool_3x3', 'written.count.avg_pool_3x3']);
});

test('a simulated device answers positive latencies that depend on the cell, and seeds decide them', () => {
  const simulator = nasbench201.simulator(allCells);
  const indices = seededRandom(5).choose(allCells.length, 64);
  const random = seededRandom(1);
  for (let device = 0; device < 500; device++) {
    const latency = simulator.draw(random, indices);
    expect(latency).toHaveLength(64);
    expect(latency.every((value) => value > 0 && Number.isFinite(value))).toBe(true);
    expect(new Set(latency).size).toBeGreaterThan(5);
  }
  expect(simulator.draw(seededRandom(3), indices)).toEqual(simulator.draw(seededRandom(3), indices));
  expect(simulator.draw(seededRandom(3), indices)).not.toEqual(simulator.draw(seededRandom(4), indices));
});

test('device parameters have the stated ranges and frequencies', () => {
  const random = seededRandom(2);
  const devices = Array.from({ length: 20_000 }, () => drawNasbench201Device(random));
  const share = (which: (device: Nasbench201Device) => boolean) => devices.filter(which).length / devices.length;
  // Five standard errors of a proportion are at most 0.018.
  expect(share((d) => d.asWritten)).toBeCloseTo(0.5, 1.4);
  expect(share((d) => d.none === 0)).toBeCloseTo(0.5, 1.4);
  expect(share((d) => d.skip === 0)).toBeCloseTo(0.4, 1.4);
  expect(share((d) => d.pool === 0)).toBeCloseTo(0.15, 1.4);
  expect(share((d) => d.addition === 0)).toBeCloseTo(0.4, 1.4);
  expect(share((d) => d.serialShare < 1)).toBeCloseTo(0.4, 1.4);
  expect(share((d) => d.disconnectedShare !== undefined)).toBeCloseTo(0.25, 1.4);
  expect(share((d) => d.base > 4 || d.base < 0.05 || d.convolution1x1 < 0.08 || d.convolution1x1 > 1.1)).toBe(0);
  // The logarithm of the base is uniform, so half of the devices lie below the geometric mean of the bounds.
  expect(share((d) => d.base < Math.sqrt(0.05 * 4))).toBeCloseTo(0.5, 1.4);
});
