// What every search space promises, of each in the list; and how refusals of a text say which part is wrong.
import { globSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { DomainError } from '#core/errors.ts';
import { searchSpace, searchSpaceIds, searchSpaces } from '#core/search-space/registry.ts';
import { promisesOf, refusal } from './promises.ts';

for (const space of searchSpaces) promisesOf(space);

test('a folder with a space has its line in the list', () => {
  const core = fileURLToPath(new URL('../../../../core/search-space', import.meta.url));
  const folders = globSync('*/space.ts', { cwd: core }).map((file) => file.split(/[\\/]/)[0]!);
  expect(folders.sort()).toEqual([...searchSpaceIds].sort());
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
