import fc from 'fast-check';
import { expect, test } from 'vitest';
import { seededRandom } from '#core/random.ts';
import { fbnetBlockNames, fbnetLayers } from '#core/search-space/fbnet/blocks.ts';
import { fbnet } from '#core/search-space/fbnet/space.ts';
import vectors from '../../../../fixtures/reference/fbnet.json' with { type: 'json' };

const choices = fc.uint8Array({ min: 0, max: 8, minLength: 22, maxLength: 22 });

test('parses the reference architectures to the same choices and prints them back', () => {
  for (const { text, choices } of vectors.architectures) {
    expect([...fbnet.parse(text)]).toEqual(choices);
    expect(fbnet.format(fbnet.parse(text))).toBe(text);
  }
});

test('layers follow the paper: channels, strides and sizes', () => {
  expect(fbnetLayers).toHaveLength(22);
  expect(fbnetLayers[0]).toEqual({ inputChannels: 16, outputChannels: 16, stride: 1, inputSize: 112, outputSize: 112 });
  expect(fbnetLayers[1]).toEqual({ inputChannels: 16, outputChannels: 24, stride: 2, inputSize: 112, outputSize: 56 });
  expect(fbnetLayers[21]).toEqual({ inputChannels: 184, outputChannels: 352, stride: 1, inputSize: 7, outputSize: 7 });
  expect(fbnetLayers.filter(({ stride }) => stride === 2)).toHaveLength(4);
});

test('property: choices and text round-trip', () => {
  fc.assert(
    fc.property(choices, (choice) => {
      expect(fbnet.parse(fbnet.format(choice))).toEqual(choice);
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
