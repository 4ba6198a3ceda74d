// The command line of `npm run evaluate`: parsed and checked before anything is read.
import { parseArgs } from 'node:util';
import * as z from 'zod';
import { DomainError } from '#core/errors.ts';
import type { Method, Selection } from '#core/predictor/evaluate.ts';
import { searchSpaceIds } from '#core/search-space/registry.ts';
import { defaultSplits, type Rows } from './default-splits.ts';

export const usage = `npm run -s evaluate -- --search-space nasbench201|fbnet|ofa [options]

  --data FILE.csv.gz     a latency table (may be given several times: joined on the architecture);
                         default: data/latency-{search space}.csv.gz
  --train a,b            training targets; default: the published split of the shipped tables
  --test c,d             targets to evaluate on, never seen in training
  --train-rows 0-899     rows to train on and to draw measurements from (both ends included, from 0)
  --test-rows 900-1899   rows for spearmanTrimmed; all other numbers are over all rows after the training rows
  --measurements 10,20   how many measurements of a test target the predictor gets (default 3,10,20)
  --selection both       random draws, chosen architectures, or both (default)
  --repeats 10           random draws a target
  --seed 0               seed of training and draws; several, as 0,1,2, print each and their mean (--json: under "runs")
  --steps 800            training steps
  --outlier-share 0.02   share of measurements held for outliers before any is seen; 0 trusts them all
  --baseline ridge       also a ridge regression on the measurements alone
  --json                 one JSON object on standard output and nothing else`;

const list = z.string().transform((text) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== ''),
);
const targets = list.refine((ids) => new Set(ids).size === ids.length, 'a target stands twice');
const integer = (least: number) => z.coerce.number<string>().int().min(least);
const rowsOption = z
  .string()
  .regex(/^\d+-\d+$/, 'must look like 0-899')
  .transform((text): Rows => {
    const [first, last] = text.split('-').map(Number) as [number, number];
    return { first, last };
  })
  .refine(({ first, last }) => first <= last, 'the first row must not be after the last');

const optionsSchema = z.strictObject({
  'search-space': z.enum(searchSpaceIds),
  data: z.array(z.string()).optional(),
  train: targets.optional(),
  test: targets.refine((ids) => ids.length > 0, 'at least one target').optional(),
  'train-rows': rowsOption.optional(),
  'test-rows': rowsOption.optional(),
  measurements: list.pipe(z.array(integer(1)).min(1)).default([3, 10, 20]),
  selection: z.enum(['random', 'chosen', 'both']).default('both'),
  repeats: integer(1).default(10),
  seed: list.pipe(z.array(integer(0)).min(1)).default([0]),
  steps: integer(1).default(800),
  'outlier-share': z.coerce.number<string>().min(0).max(0.5).default(0.02),
  baseline: z.enum(['ridge']).optional(),
  json: z.boolean().default(false),
});

export interface EvaluateOptions {
  readonly searchSpace: (typeof searchSpaceIds)[number];
  readonly files: readonly string[];
  readonly train: readonly string[];
  readonly test: readonly string[];
  readonly trainRows: Rows;
  readonly testRows: Rows;
  readonly measurements: readonly number[];
  readonly selections: readonly Selection[];
  readonly repeats: number;
  readonly seeds: readonly number[];
  readonly steps: number;
  readonly outlierShare: number;
  readonly methods: readonly Method[];
  readonly json: boolean;
}

/** @throws DomainError `invalid-request` naming the option and what it allows. */
export function parseOptions(args: readonly string[]): EvaluateOptions {
  const parsed = optionsSchema.safeParse(rawOptions(args));
  if (!parsed.success) {
    const issues = parsed.error.issues.map((i) => ({ path: `--${String(i.path[0])}`, message: i.message }));
    const text = issues.map((i) => `${i.path}: ${i.message}`).join('; ');
    throw new DomainError('invalid-request', `${text}\n\n${usage}`, { issues });
  }
  const given = parsed.data;
  const split = defaultSplits[given['search-space']];
  return {
    searchSpace: given['search-space'],
    files: given.data ?? [`data/latency-${given['search-space']}.csv.gz`],
    train: given.train ?? split.train,
    test: given.test ?? split.test,
    trainRows: given['train-rows'] ?? split.trainRows,
    testRows: given['test-rows'] ?? split.testRows,
    measurements: given.measurements,
    selections: given.selection === 'both' ? ['random', 'chosen'] : [given.selection],
    repeats: given.repeats,
    seeds: given.seed,
    steps: given.steps,
    outlierShare: given['outlier-share'],
    methods: given.baseline ? ['sugarbush', given.baseline] : ['sugarbush'],
    json: given.json,
  };
}

function rawOptions(args: readonly string[]): Record<string, unknown> {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({
      args: [...args],
      options: {
        'search-space': text,
        data: { type: 'string', multiple: true },
        train: text,
        test: text,
        'train-rows': text,
        'test-rows': text,
        measurements: text,
        selection: text,
        repeats: text,
        seed: text,
        steps: text,
        'outlier-share': text,
        baseline: text,
        json: { type: 'boolean' },
      },
    }).values;
  } catch (cause) {
    throw new DomainError('invalid-request', `${(cause as Error).message}\n\n${usage}`, { cause });
  }
}
