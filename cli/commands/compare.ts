// `sugarbush compare`: Sugarbush beside other methods on the measured fleet, all with the same measurements of a target
// that none has learned from.
import * as z from 'zod';
import { methodIds, usualMethods } from '#cli/compare/method-ids.ts';
import { poolIds } from '#cli/compare/pools.ts';
import { defineCommand, jsonFlag, type Values } from '#command-line/command.ts';
import { exitCodes } from '#command-line/exit-codes.ts';
import type { Terminal } from '#command-line/terminal.ts';
import { integerBetween, list, listOf } from '#command-line/values.ts';
import type { ComparisonResult } from '#core/predictor/evaluation/compare-methods.ts';

const options = {
  methods: {
    value: 'METHODS',
    help: `some of ${methodIds.join(', ')}; default: all but sugarbush-pool`,
    schema: listOf(z.enum(methodIds)).optional(),
  },
  pools: {
    value: 'POOLS',
    help: `which targets of the fleet MAPLE-Edge and sugarbush-pool learn from: some of ${poolIds.join(', ')}`,
    schema: listOf(z.enum(poolIds)),
    default: 'other-runtimes',
  },
  test: { value: 'TARGETS', help: 'targets of the fleet to test on, as a,b; default: all', schema: list.optional() },
  measurements: {
    value: 'COUNTS',
    help: 'how many measurements of a target a method gets; with 0 only those that can',
    schema: listOf(integerBetween(0, 200)),
    default: '0,1,3,10,100',
  },
  draws: { value: 'DRAWS', help: 'draws of measurements a seed', schema: integerBetween(1, 1000), default: '2' },
  seed: {
    value: 'SEEDS',
    help: 'of trainings and draws, as 0,1,2',
    schema: listOf(integerBetween(0, 2 ** 32 - 1)),
    default: '0',
  },
  steps: {
    value: 'STEPS',
    help: "gradient steps of Sugarbush's training",
    schema: integerBetween(1, 1e6),
    default: '800',
  },
  json: jsonFlag,
};

export const compareCommand = defineCommand({
  options,
  operands: { value: 'FILE', help: 'what --json printed before: shown together, instead of comparing anew' },
  async run(given, terminal, files) {
    const { comparisonToJson, comparisonToText } = await import('../compare/print-comparison.ts');
    const results =
      files.length > 0
        ? files.flatMap((await import('../compare/read-comparison.ts')).readComparison)
        : await compareAnew(given, terminal);
    terminal.out(given.json ? `${JSON.stringify(comparisonToJson(results))}\n` : comparisonToText(results));
    return exitCodes.done;
  },
});

async function compareAnew(given: Values<typeof options>, terminal: Terminal): Promise<ComparisonResult[]> {
  const { countedProgress } = await import('../import/counted-progress.ts');
  const { compareFleet } = await import('../compare/compare-fleet.ts');
  const stream = { isTTY: terminal.isTerminal, write: terminal.say };
  const progress = countedProgress(stream, () => performance.now(), { words: ['compare', '%'] }, 30_000);
  const { methods = usualMethods, pools, test, measurements, draws, seed: seeds, steps } = given;
  const onProgress = (share: number): void => progress.update(Math.floor(share * 100), 100);
  const plan = { methods, pools, test, measurements, draws, seeds, steps, onProgress };
  return compareFleet(plan).finally(() => progress.stop());
}
