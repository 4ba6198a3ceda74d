// An architecture search under a latency budget: evolution over NAS-Bench-201 cells that asks for a whole generation in
// one request and keeps what meets the budget with 90 % probability. The score stands in for your own accuracy
// predictor.
//
//   export SUGARBUSH_API=http://127.0.0.1:8787 SUGARBUSH_TOKEN=sb_…     (a reader's)
//   npx node examples/search-with-budget.ts TARGET BUDGET_MS
import { apiClient } from '#client/client.ts';
import { retryText } from '#client/retry.ts';
import { predictOperations } from '#contract/predictions.ts';

process.on('uncaughtException', ({ message }) => {
  console.error(message);
  process.exit(1);
});

const [target = '', budgetText = '10'] = process.argv.slice(2);
if (target === '') throw new Error('usage: search-with-budget.ts TARGET BUDGET_MS');
const budgetMs = Number(budgetText);
const client = apiClient({
  api: process.env['SUGARBUSH_API'] ?? 'http://127.0.0.1:8787',
  token: process.env['SUGARBUSH_TOKEN'],
  onRetry: (retry) => process.stderr.write(retryText(retry)),
  operations: predictOperations,
});

const operators = ['none', 'skip_connect', 'nor_conv_1x1', 'nor_conv_3x3', 'avg_pool_3x3'];
const anyOperator = (): string => operators[Math.floor(Math.random() * operators.length)]!;
/** The cell's text with each operator replaced with this probability. */
const changed = (cell: string, probability: number): string =>
  cell.replaceAll(/\w+(?=~)/g, (now) => (Math.random() < probability ? anyOperator() : now));
/** Stands in for accuracy: more and larger convolutions, and something on every path. */
const score = (cell: string): number =>
  2 * cell.split('nor_conv_3x3').length + cell.split('nor_conv_1x1').length - 3 * cell.split('none').length;

const start = '|skip_connect~0|+|skip_connect~0|skip_connect~1|+|skip_connect~0|skip_connect~1|skip_connect~2|';
const within = new Map<string, number>();
let parents = [start];
for (let generation = 1; generation <= 8; generation++) {
  const children = parents.flatMap((parent) => Array.from({ length: 16 }, () => changed(parent, 0.3)));
  const architectures = [...new Set([...parents, ...children])];
  const reply = await client.call('predict', {
    body: { searchSpace: 'nasbench201', target, architectures, budgetMs },
  });
  const { latencyMs, withinBudgetProbability } = reply.results[0]!;
  for (const [i, cell] of architectures.entries()) {
    if (withinBudgetProbability![i]! >= 0.9) within.set(cell, latencyMs[i]!);
  }
  const best = [...within.keys()].sort((a, b) => score(b) - score(a)).slice(0, 8);
  if (best.length > 0) parents = best;
  console.error(`generation ${generation}: ${architectures.length} asked for, ${within.size} within the budget so far`);
}
if (within.size === 0) {
  console.error(`nothing runs within ${budgetMs} ms on ${target}`);
  process.exitCode = 1;
} else for (const cell of parents) console.log(`${score(cell)}\t${within.get(cell)} ms\t${cell}`);
