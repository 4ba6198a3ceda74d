// `npm run evaluate`: trains on the training targets and rows only, adapts to each test target from a few of its
// measurements, and prints how good the predictions are. Progress goes to standard error.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { checkPlan } from '#cli/evaluate/check-plan.ts';
import type { Rows } from '#cli/evaluate/default-splits.ts';
import { type EvaluateOptions, parseOptions } from '#cli/evaluate/options.ts';
import { meansOf, type Run, toJson, toSeedTable, toTable } from '#cli/evaluate/report.ts';
import { joinTables } from '#core/dataset/join-tables.ts';
import { type LatencyTable, parseLatencyTable } from '#core/dataset/table.ts';
import { DomainError } from '#core/errors.ts';
import { loadPredictor } from '#core/predictor/bundle.ts';
import { evaluate } from '#core/predictor/evaluate.ts';
import { fit } from '#core/predictor/fit.ts';
import { searchSpace } from '#core/search-space/registry.ts';

function readTables(options: EvaluateOptions): LatencyTable {
  const space = searchSpace(options.searchSpace);
  const tables = options.files.map((file) => parseLatencyTable(readText(file), { file, space }));
  const table = tables.length === 1 ? tables[0]! : joinTables(tables);
  for (const { file, target, reason, count } of table.exclusions) {
    note(`${file}: ${count} latencies of '${target}' left out (${reason})`);
  }
  return table;
}

function readText(file: string): string {
  try {
    const bytes = readFileSync(file);
    return (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  } catch (cause) {
    throw new DomainError('invalid-table', `cannot read ${file}: ${(cause as Error).message}`, { cause });
  }
}

function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

const rowNumbers = ({ first, last }: Rows): number[] => Array.from({ length: last - first + 1 }, (_, i) => first + i);

async function runSeed(table: LatencyTable, options: EvaluateOptions, seed: number): Promise<Run> {
  const space = searchSpace(options.searchSpace);
  const trainRows = rowNumbers(options.trainRows);
  const column = (id: string) => table.targets.find((t) => t.id === id)!;
  const started = performance.now();
  const bundle = await fit({
    space,
    architectures: trainRows.map((row) => table.architectures[row]!),
    targets: options.train.map((id) => ({
      id,
      latencyMs: Float64Array.from(trainRows, (row) => column(id).latencyMs[row]!),
    })),
    seed,
    steps: options.steps,
    onProgress({ step, steps, loss }) {
      const seconds = (performance.now() - started) / 1000;
      const left = (seconds / step) * (steps - step);
      note(`seed ${seed}: step ${step}/${steps}, loss ${loss.toFixed(3)}, ${left.toFixed(0)} s left`);
    },
  });
  const trainSeconds = (performance.now() - started) / 1000;
  const predictor = await loadPredictor(bundle);
  const after = { first: options.trainRows.last + 1, last: table.architectures.length - 1 };
  const results = await evaluate(predictor, {
    architectures: table.architectures,
    targets: options.test.map(column),
    supportRows: trainRows,
    testRows: rowNumbers(options.testRows),
    allRows: rowNumbers(after),
    measurements: options.measurements,
    selections: options.selections,
    repeats: options.repeats,
    seed,
    methods: options.methods,
    outlierShare: options.outlierShare,
    onProgress: (done, total) => note(`seed ${seed}: evaluated ${done}/${total}`),
  });
  await predictor.close();
  return { searchSpace: options.searchSpace, seed, trainSeconds, results };
}

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  const table = readTables(options);
  checkPlan(table, options);
  const runs: Run[] = [];
  for (const seed of options.seeds) {
    const run = await runSeed(table, options, seed);
    runs.push(run);
    if (options.json) continue;
    console.log(`${run.searchSpace}, seed ${seed}, trained in ${run.trainSeconds.toFixed(1)} s\n`);
    console.log(`${toTable([...run.results, ...meansOf(run.results)])}\n`);
  }
  if (options.json) console.log(JSON.stringify(toJson(runs)));
  else if (runs.length > 1) console.log(toSeedTable(runs));
}

try {
  await main();
} catch (error) {
  if (!(error instanceof DomainError)) throw error;
  note(`${error.code}: ${error.message}`);
  process.exitCode = 2;
}
