// Forms of other tools against what those tools say. The indices are Python's own: `random.seed(88)` and
// `random.shuffle` over all cells, as AutoDL-Projects numbers them; NASLib's are its `convert_op_indices_to_str`.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { convertArchitectures } from '#client/convert-architectures.ts';
import { DomainError } from '#core/errors.ts';
import { seededRandom } from '#core/random.ts';
import { architectureForms } from '#core/search-space/forms/forms.ts';
import { shuffledAsPython } from '#core/search-space/forms/mersenne-twister.ts';
import { searchSpace, searchSpaceIds } from '#core/search-space/registry.ts';
import type { SearchSpaceId } from '#core/search-space/search-space.ts';
import { readLiteral } from '#core/text/read-literal.ts';
import { refusal } from '../promises.ts';

const toText = (searchSpace: SearchSpaceId, from: string, value: unknown) =>
  convertArchitectures([value], { searchSpace, from, to: 'text' })[0];

test('a list is shuffled as Python shuffles it', () => {
  const ten = Array.from({ length: 10 }, (_, i) => i);
  expect(shuffledAsPython(ten, 5)).toEqual([2, 3, 1, 0, 8, 7, 6, 5, 4, 9]);
  expect(shuffledAsPython(ten, 4_294_967_295)).toEqual([0, 7, 1, 5, 2, 6, 4, 8, 3, 9]);
});

describe('nasbench201', () => {
  test('indices are the rows of the shipped table, which HW-NAS-Bench’s order has', () => {
    const table = gunzipSync(readFileSync(new URL('../../../../../data/latency-nasbench201.csv.gz', import.meta.url)));
    const texts = table.toString('utf8').trimEnd().split('\n').slice(1);
    const cells = texts.map((line) => line.slice(0, line.indexOf(',')));
    const indices = cells.map((_, index) => index);
    expect(convertArchitectures(indices, { searchSpace: 'nasbench201', from: 'index', to: 'text' })).toEqual(cells);
    expect(convertArchitectures(cells, { searchSpace: 'nasbench201', from: 'text', to: 'index' })).toEqual(indices);
  });

  test.each([
    ['(4, 0, 3, 1, 4, 3)', '|avg_pool_3x3~0|+|skip_connect~0|none~1|+|nor_conv_1x1~0|avg_pool_3x3~1|nor_conv_1x1~2|'],
    ['[1 4 4 2 4 2]', '|none~0|+|avg_pool_3x3~0|nor_conv_3x3~1|+|avg_pool_3x3~0|avg_pool_3x3~1|nor_conv_3x3~2|'],
  ])('NASLib’s %s', (given, text) => {
    expect(toText('nasbench201', 'naslib', given)).toBe(text);
    expect(convertArchitectures([text], { searchSpace: 'nasbench201', from: 'text', to: 'naslib' })).toEqual([
      readLiteral(given),
    ]);
  });

  test('the same six numbers are another cell in the order of the text', () => {
    expect(toText('nasbench201', 'choices', [4, 0, 3, 1, 4, 3])).toBe(
      '|avg_pool_3x3~0|+|none~0|nor_conv_3x3~1|+|skip_connect~0|avg_pool_3x3~1|nor_conv_3x3~2|',
    );
  });

  test.each([
    ['index', 15_625, /the index is "15625"; allowed: a whole number from 0 to 15624/],
    ['index', '-1', /the index is "-1"/],
    ['index', '1.5', /the index is "1.5"/],
    ['naslib', '(1, 2, 3)', /the list is "\[1,2,3\]"; allowed: 6 whole numbers, one for each edge/],
    ['naslib', [0, 0, 0, 0, 0, 5], /edge 6 is "5"; allowed: 0 skip_connect, 1 none/],
    ['choices', '(True, 0, 0, 0, 0, 0)', /edge 1 is "true"; allowed: 0 none, 1 skip_connect/],
    ['genotype', "[(('none', 1),), (), ()]", /edge 0→1 is .*allowed: \(operation, 0\)/],
    ['genotype', "[(('none', 0),), (('none', 0),), ()]", /node 2 is/],
    ['text', 773, /the value is "773"; allowed: a text such as/],
  ])('form %s refuses %s', (form, value, message) => {
    const error = refusal(() => toText('nasbench201', form, value));
    expect(error.code).toBe('invalid-architecture');
    expect(error.message).toMatch(message);
  });
});

test('HW-NAS-Bench’s FBNet lists, with and without brackets, and as its configuration', () => {
  const list = '0,3,4,8,1,7,2,2,8,7,6,2,4,7,2,5,6,7,7,3,6,3';
  const numbers = list.split(',').map(Number);
  const texts = [list, list.replaceAll(',', ' '), ` [${list}]\n`, numbers, { op_idx_list: numbers, arch: 'FBNet' }];
  texts.push(`{'dataset': 'cifar100', 'op_idx_list': [${list}]}`);
  for (const each of texts) expect(toText('fbnet', 'indices', each)).toBe(searchSpace('fbnet').example);
  const names = `['${searchSpace('fbnet').example.split(',').join("', '")}']`;
  expect(toText('fbnet', 'names', names)).toBe(searchSpace('fbnet').example);
  expect(refusal(() => toText('fbnet', 'indices', [9, ...numbers.slice(1)])).message).toMatch(/layer 1 is "9".*8 skip/);
  expect(refusal(() => toText('fbnet', 'names', Array(22).fill('ir_k3_e1'))).message).toMatch(/layer 1 is "ir_k3_e1"/);
});

describe('Once-for-All dictionaries', () => {
  const whole =
    "{'wid': None, 'ks': [7, 3, 3, 3, 7, 5, 5, 3, 3, 7, 7, 5, 5, 3, 3, 5, 7, 3, 5, 5], " +
    "'e': [3, 4, 6, 3, 6, 4, 4, 3, 6, 6, 3, 4, 4, 6, 6, 3, 4, 3, 6, 6], 'd': [2, 3, 4, 2, 3], 'r': [192]}";
  const text = 'r192|k7e3-k3e4|k7e6-k5e4-k5e4|k3e6-k7e6-k7e3-k5e4|k5e4-k3e6|k7e4-k3e3-k5e6';

  test('with all places, with those of blocks alone, and with one number for all', () => {
    expect(toText('ofa', 'dictionary', whole)).toBe(text);
    const ks = [7, 3, 7, 5, 5, 3, 7, 7, 5, 5, 3, 7, 3, 5];
    const e = [3, 4, 6, 4, 4, 6, 6, 3, 4, 4, 6, 4, 3, 6];
    expect(toText('ofa', 'dictionary', { ks, e, d: [2, 3, 4, 2, 3], r: 192 })).toBe(text);
    expect(toText('ofa', 'dictionary', '{"ks": 7, "e": 6, "d": 2, "r": 128}')).toBe(
      `r128|${Array(5).fill('k7e6-k7e6').join('|')}`,
    );
  });

  test('places without a block are written as the smallest block', () => {
    expect(convertArchitectures([text], { searchSpace: 'ofa', from: 'text', to: 'dictionary' })).toEqual([
      {
        ks: [7, 3, 3, 3, 7, 5, 5, 3, 3, 7, 7, 5, 5, 3, 3, 3, 7, 3, 5, 3],
        e: [3, 4, 3, 3, 6, 4, 4, 3, 6, 6, 3, 4, 4, 6, 3, 3, 4, 3, 6, 3],
        d: [2, 3, 4, 2, 3],
        r: [192],
      },
    ]);
  });

  test.each([
    [whole.replace(", 'r': [192]", ''), /"r" is missing; allowed: a resolution, 128 to 224 in steps of 4/],
    [whole.replace('192', '190'), /"r" is "\[190\]"/],
    [whole.replace('[2, 3, 4, 2, 3]', '[2, 3, 5, 2, 3]'), /"d" of stage 3 is "5"; allowed: 2, 3, 4/],
    [whole.replace('[2, 3, 4, 2, 3]', '[2, 3, 4, 2]'), /"d" is .*allowed: 5 depths/],
    [whole.replace("'ks': [7", "'ks': [9"), /"ks" of stage 1 is "9"; allowed: 3, 5, 7/],
    [whole.replace("'ks': [7, ", "'ks': ["), /"ks" is .*allowed: 20 numbers, or one for each of the 14 blocks/],
    [whole.replace("'wid'", "'width'"), /a key is "width"; allowed: ks, e, d, r, wid/],
    [whole.replace('None', '1.2'), /"wid" is "1.2"/],
    ["'ofa_mbv3_d234_e346_k357_w1.0'", /the value is .*allowed: a dictionary/],
  ])('%s is refused', (given, message) => {
    expect(refusal(() => toText('ofa', 'dictionary', given)).message).toMatch(message);
  });
});

describe.each(searchSpaceIds)('every form of %s', (id) => {
  const space = searchSpace(id);
  const random = seededRandom(4);
  const texts = Array.from({ length: 60 }, () => space.format(space.sample(random)));

  test.each(architectureForms(id))('$name leads there and back, as value and as text', ({ name, example }) => {
    const written = convertArchitectures(texts, { searchSpace: id, from: 'text', to: name });
    expect(convertArchitectures(written, { searchSpace: id, from: name, to: 'text' })).toEqual(texts);
    const asText = written.map((value) => (typeof value === 'string' ? value : ` ${JSON.stringify(value)} `));
    expect(convertArchitectures(asText, { searchSpace: id, from: name, to: 'text' })).toEqual(texts);
    expect(() => convertArchitectures([example], { searchSpace: id, from: name, to: name })).not.toThrow();
  });

  test('an unknown one is refused with those there are', () => {
    const error = refusal(() => convertArchitectures([], { searchSpace: id, from: 'text', to: 'darts' }));
    expect(error.code).toBe('invalid-request');
    expect(error.message).toMatch(/has no form 'darts'; allowed: text/);
  });
});

test('wrong ones of many are named by their place, ten at most', () => {
  const given = [0, ...Array(12).fill(-1), 1];
  const error = refusal(() => convertArchitectures(given, { searchSpace: 'nasbench201', from: 'index', to: 'text' }));
  expect(error.message).toMatch(/^12 of 14 architectures are not of form 'index'; architectures\/1: /);
  expect(error.issues).toHaveLength(10);
});

test('a text of another tool is refused with the way to read it', () => {
  for (const text of ['235', '[4, 0]', "{'ks': 3}"]) {
    expect(refusal(() => searchSpace('ofa').parse(text)).message).toMatch(/sugarbush convert/);
  }
  expect(refusal(() => searchSpace('ofa').parse('r1')).message).not.toMatch(/convert/);
});

describe('literals', () => {
  test.each([
    ['773', 773],
    [" 'a\\'b' ", "a'b"],
    ['[1, 2,]', [1, 2]],
    ['(1,)', [1]],
    ['(1)', 1],
    ['1,', [1]],
    ['[1 2\n 3]', [1, 2, 3]],
    ['[None, null, True, false, -1.5e3]', [null, null, true, false, -1500]],
    [
      '{"a": [1], "b": {}}',
      new Map<string, unknown>([
        ['a', [1]],
        ['b', new Map()],
      ]),
    ],
  ])('%s', (text, value) => expect(readLiteral(text)).toEqual(value));

  test.each([
    '',
    '[1',
    '(1,',
    '{1}',
    '{"a": 1, "a": 2}',
    'import os',
    '12abc',
    '1.2.3',
    '[1}',
    ':',
    "'",
    '['.repeat(99),
  ])('%j is refused', (text) => {
    const error = refusal(() => readLiteral(text));
    expect(error).toBeInstanceOf(DomainError);
    expect(error.code).toBe('invalid-request');
    expect(error.message.length).toBeLessThan(400);
  });
});
