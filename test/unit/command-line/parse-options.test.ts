import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { defineCommand, flag } from '#command-line/command.ts';
import { helpOf, parseOptions } from '#command-line/parse-options.ts';
import { integerBetween, list, listOf, numberBetween, positiveNumber, text } from '#command-line/values.ts';

const command = defineCommand({
  options: {
    maxSeconds: { value: 'S', help: 'longest wait', schema: positiveNumber },
    seed: { value: 'SEEDS', help: 'of the draws', schema: listOf(integerBetween(0, 9)), default: '1,2' },
    data: { value: 'FILE', help: 'a table', schema: z.array(text).optional(), repeatable: true },
    token: {
      value: 'TOKEN',
      help: 'who asks',
      schema: z.string().startsWith('sb_').optional(),
      env: 'T',
      secret: true,
    },
    noPin: flag('not pinned'),
    json: flag('for programs'),
  },
  operands: { value: 'PART', help: 'which', allowed: ['warm', 'cold'] },
  async run() {
    return 0;
  },
});
const needed = ['--max-seconds', '0.5'];
const parse = (args: readonly string[], env = {}) => parseOptions([...needed, ...args], command, env);

test('defaults are read as if they had been typed', () => {
  expect(parse([])).toEqual({
    values: { maxSeconds: 0.5, seed: [1, 2], data: undefined, token: undefined, noPin: false, json: false },
    operands: [],
  });
});

test('values, lists, repeated options, switches, operands', () => {
  const args = '--seed=3 --data a --data b --no-pin --json cold warm cold --max-seconds 2'.split(' ');
  expect(parse(args)).toMatchObject({
    values: { maxSeconds: 2, seed: [3], data: ['a', 'b'], noPin: true, json: true },
    operands: ['cold', 'warm'],
  });
});

test('the environment stands in, and is not asked where the option is given', () => {
  expect(parse([], { T: 'sb_e' }).values.token).toBe('sb_e');
  expect(parse(['--token', 'sb_o'], { T: 'sb_e' }).values.token).toBe('sb_o');
});

describe('what is wrong is told', () => {
  test.each([
    [['--max-seconds', 'x'], /^--max-seconds 'x': a number such as 0\.5$/],
    [['--seed', '1,x'], /^--seed '1,x': a whole number from 0 to 9$/],
    [['--seed', ' , '], /^--seed ' , ': at least one$/],
    [['--max-second', '1'], /unknown option '--max-second' \(Did you mean --max-seconds\?\)$/],
    [['--jsom'], /'--jsom' \(Did you mean --json\?\)$/],
    [['--json=1'], /--json=1/],
    [['--data'], /--data <FILE>' argument missing/],
    [['--data', '--json'], /^--data has no value; one that begins with a dash is written --data=--json$/],
    [['hot'], /^no PART 'hot'; there are warm, cold$/],
    [['--token', 'geheim'], /^--token: Invalid/],
  ])('%j', (args, message) => {
    expect(() => parse(args)).toThrow(expect.objectContaining({ code: 'invalid-usage' }));
    expect(() => parse(args)).toThrow(message);
    expect(() => parse(args)).not.toThrow(/geheim/);
  });

  test('all of it at once, and what is missing', () => {
    expect(() => parseOptions(['--seed', 'x'], command)).toThrow(
      "--max-seconds is missing: longest wait\n--seed 'x': a whole number from 0 to 9",
    );
    expect(() => parseOptions(['x'], { options: {} })).toThrow("'x' belongs to no option");
  });
});

test('a value that begins with a dash can be given', () => {
  expect(parse(['--data=--json']).values).toMatchObject({ data: ['--json'], json: false });
});

test('help has the usage, each option with its unit, whether it is required, its default and its variable', () => {
  const help = helpOf('sugarbush try', 'tries', command).replace(/\s+/g, ' ');
  expect(help).toContain('Usage: sugarbush try [options] [PART...] tries');
  expect(help).toContain('--max-seconds <S> longest wait (required)');
  expect(help).toContain('--seed <SEEDS> of the draws (default 1,2)');
  expect(help).toContain('--token <TOKEN> who asks (or $T)');
  expect(help).toContain('--data <FILE> a table (may be repeated)');
  expect(help).toContain('--no-pin not pinned --json for programs');
});

test('numbers are plain and within their bounds', () => {
  const cases = [
    [integerBetween(1, 32), ['0', '33', '-1', '1.5', '', '1e1', ' 2', '0x2'], '32', 32],
    [numberBetween(0, 0.5), ['0.51', '-0', '.5', '1e-1', 'NaN', ''], '0.02', 0.02],
  ] as const;
  for (const [schema, wrong, right, value] of cases) {
    for (const given of wrong) expect(schema.safeParse(given).success, given).toBe(false);
    expect(schema.parse(right)).toBe(value);
  }
  expect(list.parse('a, b,,c ')).toEqual(['a', 'b', 'c']);
});
