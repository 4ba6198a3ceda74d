// What the ridge baseline knows of an architecture, by hand.
import { expect, test } from 'vitest';
import { choiceColumns } from '#core/predictor/evaluation/choice-columns.ts';
import { searchSpace } from '#core/search-space/registry.ts';

test('a one-hot of every decision, as wide as the choices that occur', () => {
  const architectures = [Uint8Array.of(0, 2, 1), Uint8Array.of(1, 0, 1)];
  const { features, width } = choiceColumns(searchSpace('fbnet'), architectures);
  expect(width).toBe(2 + 3 + 2);
  expect([...features.subarray(0, width)]).toEqual([1, 0, 0, 0, 1, 0, 1]);
  expect([...features.subarray(width)]).toEqual([0, 1, 1, 0, 0, 0, 1]);
});

test('Once-for-All has its resolution in pixels beside the choices', () => {
  const space = searchSpace('ofa');
  const blocks = 'k3e3-k3e3|k3e3-k3e3|k3e3-k3e3|k3e3-k3e3|k3e3-k3e3';
  const { features, width } = choiceColumns(space, [space.parse(`r128|${blocks}`), space.parse(`r224|${blocks}`)]);
  // 25 resolutions up to the largest; of each stage two blocks of choice 1, which is two columns, and two absent ones.
  expect(width).toBe(25 + 5 * (2 + 2 + 1 + 1) + 1);
  expect([features[0], features[24], features[width - 1]]).toEqual([1, 0, 128]);
  expect([features[width], features[width + 24], features[2 * width - 1]]).toEqual([0, 1, 224]);
});

test('no architectures have no columns of choices', () => {
  expect(choiceColumns(searchSpace('nasbench201'), [])).toEqual({ features: new Float32Array(0), width: 0 });
});
