// `sugarbush evaluate`: how good predictions are on targets that the training has not seen. Trains on the training
// targets and rows only, adapts to each test target from a few of its measurements, and prints how far the predictions
// are off.
import * as z from 'zod';
import { defaultSplits, type Rows } from '#cli/evaluate/default-splits.ts';
import type { GraphEvaluation } from '#cli/evaluate/evaluate-graphs.ts';
import { defineCommand, flag, jsonFlag, type Values } from '#command-line/command.ts';
import { exitCodes } from '#command-line/exit-codes.ts';
import type { Terminal } from '#command-line/terminal.ts';
import { integerBetween, list, listOf, numberBetween, text } from '#command-line/values.ts';
import { DomainError } from '#core/errors.ts';
import type { Method, Selection } from '#core/predictor/evaluation/held-out-evaluation.ts';
import { searchSpaceIds } from '#core/search-space/registry.ts';
import type { SearchSpaceId } from '#core/search-space/search-space.ts';

const targets = list.refine((ids) => new Set(ids).size === ids.length, 'a target stands twice');
const rows = z
  .string()
  .regex(/^\d+-\d+$/, 'must look like 0-899')
  .transform((range): Rows => {
    const [first, last] = range.split('-').map(Number) as [number, number];
    return { first, last };
  })
  .refine(({ first, last }) => first <= last, 'the first row must not be after the last');

const pattern = z.string().transform((source, context): RegExp => {
  try {
    return new RegExp(source);
  } catch (error) {
    context.addIssue((error as Error).message);
    return z.NEVER;
  }
});

const options = {
  searchSpace: {
    value: 'ID',
    help: `${searchSpaceIds.join(', ')}; needed unless there are --graphs`,
    schema: z.enum(searchSpaceIds).optional(),
  },
  graphs: {
    value: 'FILE',
    help: 'JSON lines of operator graphs, .gz or not; the shipped tables are trained on too; --data then has a column network',
    schema: z.array(text).optional(),
    repeatable: true,
  },
  data: {
    value: 'FILE',
    help: 'a latency table, CSV or CSV.gz; several are joined on the architecture; default data/latency-ID.csv.gz',
    schema: z.array(text).optional(),
    repeatable: true,
  },
  train: {
    value: 'TARGETS',
    help: 'training targets, as a,b; default: the published split of the shipped tables',
    schema: targets.optional(),
  },
  test: {
    value: 'TARGETS',
    help: 'targets to evaluate on, never seen in training; default: those of the published split',
    schema: targets.refine((ids) => ids.length > 0, 'at least one target').optional(),
  },
  trainRows: {
    value: 'FIRST-LAST',
    help: 'rows to train on and to draw measurements from, from 0, both ends included; default: the published split',
    schema: rows.optional(),
  },
  testRows: {
    value: 'FIRST-LAST',
    help: 'rows for spearmanTrimmed; all other numbers are over all rows after the training rows',
    schema: rows.optional(),
  },
  folds: {
    value: 'N',
    help:
      'with --graphs: devices are held out in N groups, each learned without in turn. A column is of the device that ' +
      'its name tells before -rNUMBER-, and scored with twice as many latencies as the most that are measured',
    schema: integerBetween(2, 100).optional(),
  },
  testMatching: {
    value: 'PATTERN',
    help: 'with --folds, in place of --test: the columns whose names match this regular expression; default: all',
    schema: pattern.optional(),
  },
  holdFamilies: flag('with --graphs: a fifth of the families is never measured, and only they are scored'),
  excludeFamilies: {
    value: 'FAMILIES',
    help: 'with --graphs: families kept out of training and measuring; only they are scored',
    schema: list.optional(),
  },
  measuredIn: {
    value: 'SET',
    help: 'with --graphs: a search space, or a file of graphs by its name without endings; default the first file',
    schema: text.optional(),
  },
  testedOn: {
    value: 'SET',
    help: 'with --graphs: the set to predict; default that of --measured-in',
    schema: text.optional(),
  },
  measurements: {
    value: 'COUNTS',
    help: 'how many measurements of a test target the predictor gets, one evaluation for each',
    schema: listOf(integerBetween(1, 1e6)),
    default: '3,10,20',
  },
  selection: {
    value: 'WHICH',
    help: 'random: drawn; chosen: what the predictor suggests; both',
    schema: z.enum(['random', 'chosen', 'both']),
    default: 'both',
  },
  repeats: { value: 'DRAWS', help: 'random draws a target', schema: integerBetween(1, 1e6), default: '10' },
  seed: {
    value: 'SEEDS',
    help: 'of training and draws; several, as 0,1,2, print each and their mean (--json: under "runs")',
    schema: listOf(integerBetween(0, 2 ** 32 - 1)),
    default: '0',
  },
  steps: { value: 'STEPS', help: 'gradient steps of the training', schema: integerBetween(1, 1e6), default: '800' },
  outlierShare: {
    value: 'SHARE',
    help: 'share of measurements held for outliers before any is seen; 0 trusts them all',
    schema: numberBetween(0, 0.5),
    default: '0.02',
  },
  baseline: {
    value: 'NAME',
    help: 'also ridge, what one would write in an afternoon: a ridge regression on a one-hot of the choices, from the measurements alone',
    schema: z.enum(['ridge']).optional(),
  },
  json: jsonFlag,
};

/** What is evaluated, with the published split filled in. Rows count from 0. */
export interface EvaluateOptions {
  readonly searchSpace: SearchSpaceId;
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
}

/** From the options of the command line to a plan, with the defaults of the search space. */
/** @throws DomainError `invalid-usage` without a search space, or with an option that only --graphs has */
export function evaluateOptions(given: Values<typeof options>): EvaluateOptions {
  const { searchSpace, selection, baseline, measurements, repeats, steps, outlierShare } = given;
  if (searchSpace === undefined) {
    throw new DomainError('invalid-usage', `--search-space or --graphs is needed: ${searchSpaceIds.join(', ')}`);
  }
  const foreign = [
    ['--folds', given.folds],
    ['--test-matching', given.testMatching],
    ['--hold-families', given.holdFamilies],
    ['--exclude-families', given.excludeFamilies],
    ['--measured-in', given.measuredIn],
    ['--tested-on', given.testedOn],
  ].flatMap(([option, value]) => (value === undefined || value === false ? [] : [option]));
  if (foreign.length > 0) throw new DomainError('invalid-usage', `only with --graphs: ${foreign.join(', ')}`);
  const split = defaultSplits[searchSpace];
  return {
    searchSpace,
    files: given.data ?? [`data/latency-${searchSpace}.csv.gz`],
    train: given.train ?? split.train,
    test: given.test ?? split.test,
    trainRows: given.trainRows ?? split.trainRows,
    testRows: given.testRows ?? split.testRows,
    measurements,
    selections: selection === 'both' ? ['random', 'chosen'] : [selection],
    repeats,
    seeds: given.seed,
    steps,
    outlierShare,
    methods: baseline ? ['sugarbush', baseline] : ['sugarbush'],
  };
}

/** @throws DomainError `invalid-usage` for options that do not go with --graphs, or without a target to test */
export function graphEvaluation(given: Values<typeof options>): GraphEvaluation {
  const foreign = [
    ['--search-space', given.searchSpace],
    ['--train-rows', given.trainRows],
    ['--test-rows', given.testRows],
    ['--baseline', given.baseline],
  ].flatMap(([option, value]) => (value === undefined ? [] : [option]));
  if (foreign.length > 0) throw new DomainError('invalid-usage', `not with --graphs: ${foreign.join(', ')}`);
  const { folds, test, testMatching } = given;
  if (folds === undefined && test === undefined) {
    throw new DomainError('invalid-usage', '--graphs needs --test or --folds: targets to evaluate on');
  }
  if (folds !== undefined && given.train !== undefined) {
    throw new DomainError('invalid-usage', '--train does not go with --folds: what is not held out is learned from');
  }
  if (testMatching !== undefined && (folds === undefined || test !== undefined)) {
    throw new DomainError('invalid-usage', '--test-matching goes with --folds, in place of --test');
  }
  return {
    graphs: given.graphs ?? [],
    data: given.data ?? [],
    train: given.train,
    test: test ?? testMatching ?? /(?:)/,
    excludeFamilies: given.excludeFamilies ?? [],
    holdFamilies: given.holdFamilies,
    measuredIn: given.measuredIn,
    testedOn: given.testedOn,
    measurements: given.measurements,
    selections: given.selection === 'both' ? ['random', 'chosen'] : [given.selection],
    repeats: given.repeats,
    steps: given.steps,
    outlierShare: given.outlierShare,
  };
}

async function runGraphs(given: Values<typeof options>, { out, say }: Terminal): Promise<number> {
  const plan = graphEvaluation(given);
  const { checkGraphEvaluation, evaluateGraphs, foldsOfPlan, graphDrawsOf, readSets } = await import(
    '#cli/evaluate/evaluate-graphs.ts'
  );
  const { evaluationProgress } = await import('#cli/evaluate/evaluation-progress.ts');
  const { graphRunsToJson, graphRunToTable, graphSeedsToTable } = await import('#cli/evaluate/print-graph-runs.ts');
  const note = (line: string): void => say(`${line}\n`);
  note('reading and lowering graphs');
  const sets = readSets(plan);
  const plans = foldsOfPlan(sets, plan, given.folds ?? 1);
  if (given.folds !== undefined) note(`${plans.flatMap(({ test }) => test).length} columns have enough latencies`);
  for (const each of plans) checkGraphEvaluation(sets, each);
  const runs = [];
  const progress = evaluationProgress({ ...plan, seeds: given.seed, draws: plans.map(graphDrawsOf) }, note);
  for (const seed of given.seed) {
    const run = await evaluateGraphs(sets, plans, seed, progress);
    runs.push(run);
    if (given.json) continue;
    const where = run.measuredIn === run.testedOn ? run.testedOn : `${run.measuredIn} → ${run.testedOn}`;
    out(`${where}, seed ${seed}, trained in ${run.trainSeconds.toFixed(1)} s\n\n${graphRunToTable(run)}\n\n`);
  }
  if (given.json) out(`${JSON.stringify(graphRunsToJson(runs))}\n`);
  else if (runs.length > 1) out(`${graphSeedsToTable(runs)}\n`);
  return exitCodes.done;
}

export const evaluateCommand = defineCommand({
  options,
  async run(given, terminal) {
    if (given.graphs !== undefined) return runGraphs(given, terminal);
    const { out, say } = terminal;
    const plan = evaluateOptions(given);
    const { checkPlan } = await import('#cli/evaluate/check-plan.ts');
    const { evaluateTable, readTables } = await import('#cli/evaluate/evaluate-table.ts');
    const { evaluationProgress } = await import('#cli/evaluate/evaluation-progress.ts');
    const { drawsOf } = await import('#core/predictor/evaluation/held-out-evaluation.ts');
    const { meansOf, toJson, toSeedTable, toTable } = await import('#cli/evaluate/print-runs.ts');
    const note = (line: string): void => say(`${line}\n`);
    const table = readTables(plan, note);
    checkPlan(table, plan);
    const runs = [];
    const progress = evaluationProgress({ ...plan, draws: drawsOf({ ...plan, targets: plan.test }) }, note);
    for (const seed of plan.seeds) {
      const run = await evaluateTable(table, plan, seed, progress);
      runs.push(run);
      if (given.json) continue;
      out(`${run.searchSpace}, seed ${seed}, trained in ${run.trainSeconds.toFixed(1)} s\n\n`);
      out(`${toTable([...run.results, ...meansOf(run.results)])}\n\n`);
    }
    if (given.json) out(`${JSON.stringify(toJson(runs))}\n`);
    else if (runs.length > 1) out(`${toSeedTable(runs)}\n`);
    return exitCodes.done;
  },
});
