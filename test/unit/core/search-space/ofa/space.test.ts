import fc from 'fast-check';
import { expect, test } from 'vitest';
import { seededRandom } from '#core/random.ts';
import { ofaResolutions, ofaSides, ofaSlots, squeezeChannels } from '#core/search-space/ofa/blocks.ts';
import { drawOfaDevice, ofaLatency } from '#core/search-space/ofa/simulator.ts';
import { ofa } from '#core/search-space/ofa/space.ts';
import type { Architecture } from '#core/search-space/search-space.ts';
import vectors from '../../../../fixtures/reference/ofa.json' with { type: 'json' };
import { dense, largestRelativeError } from '../vectors.ts';

const architectures = vectors.architectures.map(({ text }) => ofa.parse(text));
const featureCount = 208;

const architecturesOf: fc.Arbitrary<Architecture> = fc
  .tuple(
    fc.nat(24),
    fc.array(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 4 }), { minLength: 5, maxLength: 5 }),
  )
  .map(([resolution, stages]) =>
    Uint8Array.of(resolution, ...stages.flatMap((blocks) => [...blocks, 0, 0].slice(0, 4))),
  );

test('features equal an independent computation', () => {
  expect(ofa.featureNames).toHaveLength(featureCount);
  expect(new Set(ofa.featureNames).size).toBe(featureCount);
  const encoded = ofa.encode(architectures);
  const expected = vectors.architectures.flatMap(({ features }) => dense(features, featureCount));
  expect(encoded.length).toBe(expected.length);
  for (const [i, value] of encoded.entries()) {
    expect(Math.abs(value - expected[i]!)).toBeLessThanOrEqual(1e-6 * Math.abs(expected[i]!));
  }
});

test('simulated latencies equal an independent computation under given device parameters', () => {
  const indices = Int32Array.from(architectures.keys());
  expect(vectors.devices.length).toBeGreaterThanOrEqual(4);
  for (const { device, latency } of vectors.devices) {
    const simulated = ofaLatency(
      architectures,
      {
        ...device,
        choiceLogFactor: Float64Array.from(device.choiceLogFactor),
        layerLogFactor: Float64Array.from(device.layerLogFactor),
        entryLogFactor: Float64Array.from(device.entryLogFactor),
      },
      indices,
    );
    expect(largestRelativeError(simulated, latency)).toBeLessThan(1e-12);
  }
});

test('resolutions and the sizes they lead to', () => {
  expect(ofaResolutions).toHaveLength(25);
  expect([ofaResolutions[0], ofaResolutions[24]]).toEqual([128, 224]);
  expect(ofaSides(224)).toEqual([112, 56, 28, 14, 7]);
  // 132 → 66 → 33 → 17 → 9 → 5: odd sides round up.
  expect(ofaSides(132)).toEqual([66, 33, 17, 9, 5]);
});

test('slots follow the published network', () => {
  expect(ofaSlots).toHaveLength(20);
  expect(ofaSlots[0]).toMatchObject({
    inputChannels: 16,
    outputChannels: 24,
    stride: 2,
    inputLevel: 0,
    outputLevel: 1,
  });
  expect(ofaSlots[12]).toMatchObject({
    inputChannels: 80,
    outputChannels: 112,
    stride: 1,
    inputLevel: 3,
    outputLevel: 3,
  });
  expect(ofaSlots[19]).toMatchObject({
    inputChannels: 160,
    outputChannels: 160,
    stride: 1,
    inputLevel: 4,
    outputLevel: 4,
  });
  expect(ofaSlots.filter(({ squeezeExcite }) => squeezeExcite).map(({ stage }) => stage + 1)).toEqual([
    2, 2, 2, 2, 4, 4, 4, 4, 5, 5, 5, 5,
  ]);
  // MobileNetV3-Large's own squeeze widths at these hidden widths: 72 → 24, 120 → 32, 480 → 120, 672 → 168, 960 → 240.
  expect([72, 120, 480, 672, 960].map(squeezeChannels)).toEqual([24, 32, 120, 168, 240]);
});

test('a larger resolution costs more in every sum; one more block raises its stage only', () => {
  const at = (text: string) => ofa.encode([ofa.parse(text)]);
  const small = at('r128|k3e3-k3e3|k3e3-k3e3|k3e3-k3e3|k3e3-k3e3|k3e3-k3e3');
  const large = at('r224|k3e3-k3e3|k3e3-k3e3|k3e3-k3e3|k3e3-k3e3|k3e3-k3e3');
  const deeper = at('r128|k3e3-k3e3|k3e3-k3e3-k7e6|k3e3-k3e3|k3e3-k3e3|k3e3-k3e3');
  const differing = (a: Float32Array, b: Float32Array) => ofa.featureNames.filter((_, i) => a[i] !== b[i]);
  expect(differing(small, large)).toEqual(
    ofa.featureNames.filter((name) => /^(resolution|pixels|macs|traffic)/.test(name)),
  );
  expect(differing(small, deeper)).toEqual([
    'stage2.block3.k7e6',
    'count.k7e6',
    'blocks',
    'macs',
    'traffic',
    'macs.stage2',
    'traffic.stage2',
  ]);
});

test('property: choices and text round-trip, one-hots give the choices back', () => {
  fc.assert(
    fc.property(architecturesOf, (architecture) => {
      expect(ofa.parse(ofa.format(architecture))).toEqual(architecture);
      const features = ofa.encode([architecture]);
      const decoded = Array.from({ length: 20 }, (_, slot) => features.subarray(slot * 9, slot * 9 + 9).indexOf(1) + 1);
      expect(decoded).toEqual([...architecture.subarray(1)]);
    }),
  );
});

test('sampling reaches every resolution, depth and block', () => {
  const random = seededRandom(9);
  const seen = new Set<string>();
  for (let i = 0; i < 1000; i++) {
    for (const [slot, choice] of ofa.sample(random).entries()) seen.add(`${slot} ${choice}`);
  }
  // 25 resolutions; 20 slots of nine blocks, of which the last two of each stage may be absent.
  expect(seen.size).toBe(25 + 20 * 9 + 5 * 2);
});

test('simulated devices answer positive latencies, and seeds decide them', () => {
  const random = seededRandom(1);
  const sampled = Array.from({ length: 300 }, () => ofa.sample(random));
  const simulator = ofa.simulator(sampled);
  const indices = random.choose(sampled.length, 64);
  for (let device = 0; device < 500; device++) {
    const latency = simulator.draw(random, indices);
    expect(latency).toHaveLength(64);
    expect(latency.every((value) => value > 0 && Number.isFinite(value))).toBe(true);
  }
  expect(simulator.draw(seededRandom(3), indices)).toEqual(simulator.draw(seededRandom(3), indices));
});

test('without random factors a device takes longer for more pixels', () => {
  const text = 'k5e4-k5e4|k5e4-k5e4|k5e4-k5e4|k5e4-k5e4|k5e4-k5e4';
  const growing = ofaResolutions.map((resolution) => ofa.parse(`r${resolution}|${text}`));
  const device = {
    ...drawOfaDevice(seededRandom(5)),
    computeShare: 0.5,
    trafficShare: 0.5,
    weightShare: 0,
    launchShare: 0,
    baseShare: 0,
    computeExponent: 1,
    trafficExponent: 1,
  };
  const latency = ofaLatency(growing, device, Int32Array.from(growing.keys()));
  for (let i = 1; i < latency.length; i++) expect(latency[i]!).toBeGreaterThan(latency[i - 1]!);
  // Pixels grow by (224/128)² = 3.06; only the head's last two layers do not.
  expect(latency.at(-1)! / latency[0]!).toBeGreaterThan(2.9);
  expect(latency.at(-1)! / latency[0]!).toBeLessThan(3.07);
});
