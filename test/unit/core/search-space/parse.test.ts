// What every search space promises of its text form: parsing is total, refusals say which part is wrong, and every row
// of the shipped tables prints back as it was.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DomainError } from '#core/errors.ts';
import { seededRandom } from '#core/random.ts';
import { searchSpace, searchSpaces } from '#core/search-space/registry.ts';

function refusal(run: () => unknown): DomainError {
  try {
    run();
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
  throw new Error('was accepted');
}

/** Texts near the valid ones: valid characters and pieces in any order, and valid texts with a part replaced. */
function nearTexts(example: string): fc.Arbitrary<string> {
  const pieces = example.split(/(?<=[|+,~-])|(?=[|+,~-])/);
  const spliced = fc
    .tuple(fc.nat(example.length), fc.nat(4), fc.string({ maxLength: 4 }))
    .map(([at, removed, inserted]) => example.slice(0, at) + inserted + example.slice(at + removed));
  return fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.array(fc.constantFrom(...pieces), { maxLength: 45 }).map((parts) => parts.join('')),
    spliced,
  );
}

describe.each(searchSpaces.map((space) => [space.id, space] as const))('%s', (id, space) => {
  test('the example is valid and canonical', () => {
    expect(space.format(space.parse(space.example))).toBe(space.example);
  });

  test('property: any text is either an architecture that prints back, or a refusal', () => {
    fc.assert(
      fc.property(nearTexts(space.example), (text) => {
        let architecture: Uint8Array;
        try {
          architecture = space.parse(text);
        } catch (error) {
          expect(error).toBeInstanceOf(DomainError);
          expect((error as DomainError).code).toBe('invalid-architecture');
          expect((error as DomainError).message).toMatch(/allowed: /);
          expect((error as DomainError).message.length).toBeLessThan(1500);
          return;
        }
        expect(space.format(architecture)).toBe(text);
      }),
      { numRuns: 400 },
    );
  });

  test('a huge text is refused without being echoed', () => {
    expect(refusal(() => space.parse('|'.repeat(1_000_000))).message.length).toBeLessThan(500);
  });

  test('samples are valid, differ, and follow the seed', () => {
    const draw = (seed: number) => {
      const random = seededRandom(seed);
      return Array.from({ length: 50 }, () => space.format(space.sample(random)));
    };
    for (const text of draw(1)) expect(space.format(space.parse(text))).toBe(text);
    expect(draw(1)).toEqual(draw(1));
    expect(new Set([...draw(1), ...draw(2)]).size).toBeGreaterThan(95);
  });

  test('every row of the shipped table prints back as it was, all different', () => {
    const table = gunzipSync(readFileSync(new URL(`../../../../data/latency-${id}.csv.gz`, import.meta.url)));
    const texts = table
      .toString('utf8')
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((line) => (line.startsWith('"') ? line.slice(1, line.indexOf('"', 1)) : line.slice(0, line.indexOf(','))));
    expect(texts.length).toBe(id === 'nasbench201' ? 15_625 : 5000);
    expect(texts.map((text) => space.format(space.parse(text)))).toEqual(texts);
  });

  test('features are finite and one row an architecture', () => {
    const random = seededRandom(6);
    const architectures = Array.from({ length: 40 }, () => space.sample(random));
    const features = space.encode(architectures);
    expect(features).toHaveLength(40 * space.featureNames.length);
    expect(features.every(Number.isFinite)).toBe(true);
    expect(space.encode([])).toHaveLength(0);
    expect(space.encode([architectures[7]!])).toEqual(
      features.slice(7 * space.featureNames.length, 8 * space.featureNames.length),
    );
  });
});

test.each([
  ['nasbench201', '|nor_conv_3x3~0|', /the cell is "\|nor_conv_3x3~0\|"; allowed: three nodes/],
  [
    'nasbench201',
    '|none~0|+|none~0|conv~1|+|none~0|none~1|none~2|',
    /edge 1→2 is "conv~1"; allowed: none, skip_connect, nor_conv_1x1, nor_conv_3x3, avg_pool_3x3, followed by "~1"/,
  ],
  ['nasbench201', '|none~0|+|none~0|none~0|+|none~0|none~1|none~2|', /edge 1→2 is "none~0"/],
  ['nasbench201', '|none~0|+|none~0|+|none~0|none~1|none~2|', /node 2 is "\|none~0\|"; allowed: 2 operations/],
  ['nasbench201', '', /the cell is ""/],
  ['fbnet', Array(21).fill('skip').join(','), /list of layers is .*22 block names.*these are 21/],
  [
    'fbnet',
    ['skip', 'k3_e1', 'k7_e1', ...Array(19).fill('skip')].join(','),
    /layer 3 is "k7_e1"; allowed: k3_e1, k3_e1_g2, .*skip/,
  ],
  [
    'ofa',
    'r230|k3e3-k3e3|k3e3-k3e3|k3e3-k3e3|k3e3-k3e3|k3e3-k3e3',
    /the resolution is "r230"; allowed: r128 to r224 in steps of 4/,
  ],
  ['ofa', 'r128|k3e3-k3e3|k3e3|k3e3-k3e3|k3e3-k3e3|k3e3-k3e3', /stage 2 is "k3e3"; allowed: 2 to 4 blocks/],
  [
    'ofa',
    'r128|k3e3-k3e3|k3e3-k3e5|k3e3-k3e3|k3e3-k3e3|k3e3-k3e3',
    /stage 2 block 2 is "k3e5"; allowed: k3e3, k3e4, .*k7e6/,
  ],
  ['ofa', 'r128|k3e3-k3e3', /the text is "r128\|k3e3-k3e3"; allowed: .*5 stages/],
] as const)('%s %s: says which part is wrong and what is allowed', (id, text, message) => {
  const error = refusal(() => searchSpace(id).parse(text));
  expect(error.code).toBe('invalid-architecture');
  expect(error.message).toMatch(message);
});

test('an unknown search space is refused with those there are', () => {
  const error = refusal(() => searchSpace('darts'));
  expect(error.code).toBe('unknown-search-space');
  expect(error.issues).toEqual([{ path: 'searchSpace', message: error.message }]);
  expect(error.message).toBe(
    `search space "darts" not found; there are: ${searchSpaces.map(({ id }) => id).join(', ')}`,
  );
  for (const id of ['__proto__', 'toString', '']) expect(() => searchSpace(id)).toThrow(DomainError);
});
