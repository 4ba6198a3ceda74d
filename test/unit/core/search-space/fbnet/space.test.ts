import fc from 'fast-check';
import { expect, test } from 'vitest';
import { seededRandom } from '#core/random.ts';
import { fbnetBlockNames, fbnetLayers } from '#core/search-space/fbnet/blocks.ts';
import { drawFbnetDevice, fbnetLatency, fbnetTimeTable } from '#core/search-space/fbnet/simulator.ts';
import { fbnet } from '#core/search-space/fbnet/space.ts';
import vectors from '../../../../fixtures/reference/fbnet.json' with { type: 'json' };
import { dense, largestRelativeError } from '../vectors.ts';

const choices = fc.uint8Array({ min: 0, max: 8, minLength: 22, maxLength: 22 });
const architectures = vectors.architectures.map(({ text }) => fbnet.parse(text));

test('parses the reference architectures to the same choices and prints them back', () => {
  for (const { text, choices } of vectors.architectures) {
    expect([...fbnet.parse(text)]).toEqual(choices);
    expect(fbnet.format(fbnet.parse(text))).toBe(text);
  }
});

test('features equal the reference', () => {
  expect(fbnet.featureNames).toHaveLength(210);
  expect(new Set(fbnet.featureNames).size).toBe(210);
  const encoded = fbnet.encode(architectures);
  const expected = vectors.architectures.flatMap(({ features }) => dense(features, 210));
  // The one-hots and counts are integers; the three sums are compared as single precision.
  expect(encoded.length).toBe(expected.length);
  for (const [i, value] of encoded.entries()) expect(Math.abs(value - expected[i]!)).toBeLessThan(2e-6);
});

test('layers follow the paper: channels, strides and sizes', () => {
  expect(fbnetLayers).toHaveLength(22);
  expect(fbnetLayers[0]).toEqual({ inputChannels: 16, outputChannels: 16, stride: 1, inputSize: 112, outputSize: 112 });
  expect(fbnetLayers[1]).toEqual({ inputChannels: 16, outputChannels: 24, stride: 2, inputSize: 112, outputSize: 56 });
  expect(fbnetLayers[21]).toEqual({ inputChannels: 184, outputChannels: 352, stride: 1, inputSize: 7, outputSize: 7 });
  expect(fbnetLayers.filter(({ stride }) => stride === 2)).toHaveLength(4);
});

test('simulated latencies equal the reference under given device parameters', () => {
  const indices = Int32Array.from(architectures.keys());
  expect(vectors.devices.length).toBeGreaterThanOrEqual(5);
  for (const { device, latency } of vectors.devices) {
    const scaled = (spread: number, normals: number[]) =>
      Float64Array.from(normals, (normal) => device.irregularity * spread * normal);
    let walk = 0;
    const entries = scaled(device.entrySpread, device.entryNormals.flat());
    const simulated = fbnetLatency(
      architectures,
      {
        ...device,
        choiceLogFactor: scaled(device.choiceSpread, device.choiceNormals),
        layerLogFactor: scaled(device.layerSpread / 3, device.layerNormals).map((step) => {
          walk += step;
          return walk;
        }),
        entryLogFactor: entries.map((value, i) => value + 0.5 * device.outliers.flat()[i]!),
      },
      indices,
    );
    expect(largestRelativeError(simulated, latency)).toBeLessThan(1e-12);
  }
});

test('a device without irregularities and with launches only charges every block the same', () => {
  const flat = {
    computeShare: 0,
    trafficShare: 0,
    weightShare: 0,
    launchShare: 1,
    depthwisePrice: 1,
    computeExponent: 1,
    trafficExponent: 1,
    shufflePrice: 0.25,
    choiceLogFactor: new Float64Array(9),
    layerLogFactor: new Float64Array(22),
    entryLogFactor: new Float64Array(198),
    baseShare: 0,
  };
  const row = fbnetTimeTable(flat).subarray(3 * 9, 4 * 9);
  expect([...row]).toEqual([1, 1.25, 1, 1, 1, 1.25, 1, 1, 0]);
});

test('layer factors walk: their variance grows with depth; outliers are rare', () => {
  const random = seededRandom(4);
  const devices = Array.from({ length: 3000 }, () => drawFbnetDevice(random));
  const variance = (layer: number) =>
    devices.reduce((sum, { layerLogFactor }) => sum + layerLogFactor[layer]! ** 2, 0) / devices.length;
  expect(variance(20) / variance(4)).toBeGreaterThan(3.5);
  expect(variance(20) / variance(4)).toBeLessThan(5);
  const large = devices.reduce((n, d) => n + d.entryLogFactor.filter((x) => Math.abs(x) > 0.8).length, 0);
  // 3 % of entries have an outlier of sd 0.5, which exceeds 0.8 with probability 0.11; the rest have sd up to 0.2.
  expect(large / (3000 * 198)).toBeGreaterThan(0.002);
  expect(large / (3000 * 198)).toBeLessThan(0.006);
});

test('simulated devices answer positive latencies, and seeds decide them', () => {
  const random = seededRandom(1);
  const sampled = Array.from({ length: 300 }, () => fbnet.sample(random));
  const simulator = fbnet.simulator(sampled);
  const indices = random.choose(sampled.length, 64);
  for (let device = 0; device < 500; device++) {
    const latency = simulator.draw(random, indices);
    expect(latency).toHaveLength(64);
    expect(latency.every((value) => value > 0 && Number.isFinite(value))).toBe(true);
  }
  expect(simulator.draw(seededRandom(3), indices)).toEqual(simulator.draw(seededRandom(3), indices));
});

test('property: choices and text round-trip, one-hots give the choices back', () => {
  fc.assert(
    fc.property(choices, (choice) => {
      expect(fbnet.parse(fbnet.format(choice))).toEqual(choice);
      const features = fbnet.encode([choice]);
      const decoded = Uint8Array.from({ length: 22 }, (_, layer) => features.indexOf(1, layer * 9) - layer * 9);
      expect(decoded).toEqual(choice);
    }),
  );
});

test('sampling reaches every block in every layer', () => {
  const random = seededRandom(9);
  const seen = new Set<string>();
  for (let i = 0; i < 400; i++)
    for (const [layer, choice] of fbnet.sample(random).entries()) seen.add(`${layer} ${choice}`);
  expect(seen.size).toBe(22 * fbnetBlockNames.length);
});
