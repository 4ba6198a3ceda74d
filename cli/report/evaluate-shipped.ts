// An evaluation of a freshly trained predictor on a shipped table, as the input of a report.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { defaultSplits, type Rows } from '#cli/evaluate/default-splits.ts';
import { evaluationProgress } from '#cli/evaluate/evaluation-progress.ts';
import { evaluateTablePlan, plansByBatch, type TablePlan, tableEpisodes } from '#cli/evaluate/table-networks.ts';
import { readingOf, targetOfColumn, workloadOfColumn } from '#cli/import/table-profiles.ts';
import { type LatencyTable, parseLatencyTable } from '#core/dataset/table.ts';
import { DomainError } from '#core/errors.ts';
import { loadPredictor } from '#core/predictor/bundle.ts';
import { drawsOf, type EvaluationResult } from '#core/predictor/evaluation/held-out-evaluation.ts';
import { fitKernelPredictor } from '#core/predictor/fitting/fit-predictor.ts';
import type { Score } from '#core/predictors/card.ts';
import { learnedFrom } from '#core/predictors/learned-from.ts';
import type { ReportedCard, ReportInput } from '#core/predictors/report-input.ts';
import { searchSpace } from '#core/search-space/registry.ts';
import type { SearchSpaceId } from '#core/search-space/search-space.ts';
import { predictionsForReport } from '#core/training/evaluation/report-predictions.ts';
import { scoreOf } from '#core/training/evaluation/score-of.ts';
import { hardwareKeyOf } from '#core/training/snapshot/hardware-key.ts';

export interface ShippedEvaluation {
  readonly searchSpace: SearchSpaceId;
  readonly test?: readonly string[] | undefined;
  readonly seed: number;
  readonly steps: number;
  readonly repeats: number;
  readonly createdAt: Date;
  readonly note: (text: string) => void;
}

const measurements = [1, 2, 3, 5, 10, 20, 50];
const selections = ['random', 'chosen'] as const;
const shown = { measurements: 10, selection: 'chosen' } as const;

const rowNumbers = ({ first, last }: Rows): number[] => Array.from({ length: last - first + 1 }, (_, i) => first + i);
/** Six significant digits: more than any clock gives. */
const rounded = (value: number): number => Number(value.toPrecision(6));

/** Trains on the shipped table without the tested targets and evaluates on them: what a report draws.
 * @throws DomainError as table and fit do */
export async function evaluateShipped(options: ShippedEvaluation): Promise<ReportInput> {
  const { seed, steps, repeats, note } = options;
  const space = searchSpace(options.searchSpace);
  const split = defaultSplits[options.searchSpace];
  const file = `data/latency-${options.searchSpace}.csv.gz`;
  const table = parseLatencyTable(gunzipSync(readFileSync(file)).toString('utf8'), { file, space });
  const test = options.test ?? split.test;
  const trained = test.filter((id) => split.train.includes(id));
  if (trained.length > 0) throw new DomainError('invalid-usage', `--test: ${trained.join(', ')} is trained on`);
  const trainRows = rowNumbers(split.trainRows);
  const learningCurve: NonNullable<ReportedCard['learningCurve']> = [];
  const asked = { measurements, selections, repeats, targets: test };
  const progress = evaluationProgress({ seeds: [seed], steps, draws: drawsOf(asked) }, note).seed(seed);
  const started = performance.now();
  const bundle = await fitKernelPredictor({
    data: tableEpisodes(table, split.train, trainRows),
    seed,
    steps,
    onProgress({ step, loss }) {
      learningCurve.push({ step, loss: rounded(loss) });
    },
    onStep: progress.fitted,
  });
  const trainS = (performance.now() - started) / 1000;
  progress.scored(0);
  const predictor = await loadPredictor(bundle);
  try {
    const plan: TablePlan = {
      targets: test.map((id) => columnOf(table, id)),
      supportRows: trainRows,
      testRows: rowNumbers(split.testRows),
      allRows: rowNumbers({ first: split.trainRows.last + 1, last: table.architectures.length - 1 }),
      measurements,
      selections,
      repeats,
      seed,
      methods: ['sugarbush', 'ridge'],
      onProgress: progress.scored,
    };
    const results = await evaluateTablePlan(predictor, table, plan);
    const drawn = [];
    for (const own of plansByBatch(table, plan)) drawn.push(await predictionsForReport(predictor, own, shown));
    const { lineage } = predictor.parameters;
    const card: ReportedCard = {
      version: predictor.identity.version,
      hash: predictor.identity.hash,
      createdAt: options.createdAt.toISOString(),
      training: {
        seed: lineage.seed,
        steps: lineage.steps,
        trainS: Math.round(trainS),
        networks: trainRows.length,
        targets: learnedFrom(lineage).targets.map(({ id }) => id),
        dataHash: lineage.dataHash,
      },
      evaluation: {
        protocol:
          `The targets tested took no part in training. Of each, the predictor got only as many measurements as stated, ` +
          `of architectures among the ${trainRows.length} trained on, either chosen by the predictor or drawn at random ` +
          `(mean of ${repeats} draws); it is scored on ${plan.allRows.length} other architectures.`,
        folds: 1,
        shown,
        scores: results.map((result) => toScore(result, table)),
        differences: [],
        coverage: drawn.flatMap(({ coverage }) => coverage),
        notEvaluated: [],
      },
      learningCurve,
    };
    return {
      card,
      predictions: drawn.flatMap(({ predictions }) =>
        predictions.map((own) => ({
          ...own,
          measuredMs: own.measuredMs.map(rounded),
          predictedMs: own.predictedMs.map(rounded),
        })),
      ),
    };
  } finally {
    await predictor.close();
  }
}

function columnOf(table: LatencyTable, id: string): LatencyTable['targets'][number] {
  const column = table.targets.find((t) => t.id === id);
  if (column) return column;
  const there = table.targets.map((t) => t.id).join(', ');
  throw new DomainError('invalid-usage', `no target '${id}' in ${table.file}; there are ${there}`);
}

const toScore = (result: EvaluationResult, table: LatencyTable): Score => {
  const { device, batchSize } = readingOf(columnOf(table, result.target));
  return scoreOf(
    result,
    result.method === 'ridge' ? 'ridge' : 'candidate',
    hardwareKeyOf({ target: targetOfColumn(device) }),
    workloadOfColumn(table.searchSpace, batchSize),
  );
};
