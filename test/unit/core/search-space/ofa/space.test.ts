import fc from 'fast-check';
import { expect, test } from 'vitest';
import { seededRandom } from '#core/random.ts';
import { ofaResolutions, ofaSides, ofaSlots, squeezeChannels } from '#core/search-space/ofa/blocks.ts';
import { ofa } from '#core/search-space/ofa/space.ts';
import type { Architecture } from '#core/search-space/search-space.ts';

const architecturesOf: fc.Arbitrary<Architecture> = fc
  .tuple(
    fc.nat(24),
    fc.array(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 4 }), { minLength: 5, maxLength: 5 }),
  )
  .map(([resolution, stages]) =>
    Uint8Array.of(resolution, ...stages.flatMap((blocks) => [...blocks, 0, 0].slice(0, 4))),
  );

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

test('property: choices and text round-trip', () => {
  fc.assert(
    fc.property(architecturesOf, (architecture) => {
      expect(ofa.parse(ofa.format(architecture))).toEqual(architecture);
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
