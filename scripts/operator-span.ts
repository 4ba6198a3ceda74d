// What the standard operators tell of real models: which share of the zoo's time lies in kernels like theirs, and how
// far the variance of its networks' ln latency falls when they are measured, under the shipped predictor's prior and
// before anybody has measured anything.
//
//   node scripts/operator-span.ts [--noise 0.1] [--next 0] [--every 1]
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { readShippedPredictor } from '#cli/start/read-shipped-predictor.ts';
import { operatorGraphs } from '#core/descriptor/operator-graphs.ts';
import { parseOperatorGraph } from '#core/graph/graph-json.ts';
import type { OperatorGraph } from '#core/graph/operator-graph.ts';
import { loadPredictor } from '#core/predictor/bundle.ts';
import { countGraph } from '#core/predictor/kernels/count-kernels.ts';
import { kernelTable } from '#core/predictor/kernels/kernel-table.ts';
import { networkSums } from '#core/predictor/kernels/network-sums.ts';
import { standardGraphs } from '#core/standard-networks/standard-networks.ts';
import { operatorGrid } from './operator-span/grid.ts';
import { nearnessOf } from './operator-span/nearness.ts';
import { remainingVariances } from './operator-span/remaining-variance.ts';

const { values } = parseArgs({
  options: {
    // Of an operator alone, relative: it is small, and runs warm.
    noise: { type: 'string', default: '0.1' },
    // How many operators of the grid are named that would tell most beside the list.
    next: { type: 'string', default: '0' },
    // Every n-th network of the zoo.
    every: { type: 'string', default: '1' },
  },
});
const operatorNoise = Number(values.noise);
const networkNoise = 0.03;

const zoo = gunzipSync(readFileSync(new URL('../data/zoo/graphs.jsonl.gz', import.meta.url)))
  .toString()
  .trimEnd()
  .split('\n')
  .filter((_, i) => i % Number(values.every) === 0)
  .map((line) => parseOperatorGraph(JSON.parse(line)));
const grid = operatorGrid();

const predictor = await loadPredictor((await readShippedPredictor()).bundle);
const table = kernelTable();
const count = (graphs: readonly OperatorGraph[]) =>
  graphs.map((graph) => countGraph(table, graph, predictor.parameters.lowerings));
const asked = count(zoo);
const parts = {
  cells: count([...operatorGraphs({ list: 'nasbench201', inputSize: 32, batchSize: 1 }).values()]),
  standard: count([...operatorGraphs({ list: 'standard', inputSize: null, batchSize: 1 }).values()]),
  networks: count(standardGraphs().map(({ graph }) => graph)),
  grid: count(grid.map(({ describe }) => describe(1).graph)),
};
const measurable = Object.values(parts).flat();
const prices = await predictor.prices(table.kernels);
const remaining = remainingVariances(networkSums(prices, asked), networkSums(prices, measurable));
await predictor.close();

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`.padStart(9);

/** One line of the table. @returns what remains */
function tell(title: string, names: readonly (keyof typeof parts)[]) {
  const measured = names.flatMap((name) => parts[name]);
  const near = nearnessOf(table.kernels, asked, measured, (k) => Math.exp(prices.lnMean[0]![k]!));
  const left = remaining();
  for (const name of names) {
    for (const rows of parts[name])
      left.measure(measurable.indexOf(rows), name === 'networks' ? networkNoise : operatorNoise);
  }
  const shares = [near.sameClass, near.within4, near.within2].map(percent);
  console.log(`${title.padEnd(46)}${shares.join('')}${left.mean().toFixed(3).padStart(10)}`);
  return left;
}

console.log(`${zoo.length} networks of the zoo; noise ${operatorNoise} of an operator, ${networkNoise} of a network\n`);
console.log(`${''.padEnd(46)}  in class   near ×4  near ×2  variance`);
tell('nothing', []);
tell(`${parts.cells.length} operators of NAS-Bench-201`, ['cells']);
const left = tell(`${parts.standard.length} standard operators`, ['standard']);
tell(`${parts.networks.length} standard networks`, ['networks']);
tell('standard operators and networks', ['standard', 'networks']);
tell(`${parts.grid.length} operators of the grid`, ['grid']);

for (let i = 0; i < Number(values.next); i++) {
  const gains = parts.grid.map((rows) => left.gainOf(measurable.indexOf(rows), operatorNoise));
  const best = gains.indexOf(Math.max(...gains));
  left.measure(measurable.indexOf(parts.grid[best]!), operatorNoise);
  console.log(`${i === 0 ? '\n' : ''}${grid[best]!.key.padEnd(46)}${left.mean().toFixed(3).padStart(37)}`);
}
