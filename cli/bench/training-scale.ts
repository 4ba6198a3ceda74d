// What training costs with ever more targets: time, peak memory and S3 requests of snapshot, fit, evaluation of a fold
// and adaptation of a batch, each in a process of its own over a dataset in a folder; and what a run is billed for it.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { evaluate } from '#core/predictor/evaluation/held-out-evaluation.ts';
import { defaultLowerings } from '#core/predictor/hypotheses.ts';
import { featureSchemaId } from '#core/predictor/predictor-parameters.ts';
import { predictorKey } from '#core/predictors/keys.ts';
import { writeJson } from '#core/store/stored-json.ts';
import { heldOutTargets, loadFit, tasksOf } from '#core/training/evaluation/evaluate-fold.ts';
import { continueFit } from '#core/training/fits/continue-fit.ts';
import { foldsOf } from '#core/training/fits/plan-fits.ts';
import { type FitSpec, fitFormatVersion, fitIdOf } from '#core/training/fits/specification.ts';
import { fitKey } from '#core/training/keys.ts';
import { adaptBatch, planAdaptation } from '#core/training/phases/adapt-targets.ts';
import { runSettingsSchema, stepsPerReport } from '#core/training/runs/run-settings.ts';
import { freezeSnapshot } from '#core/training/snapshot/freeze-snapshot.ts';
import { readManifest, readMeasurements } from '#core/training/snapshot/snapshot.ts';
import { trainingPool } from '#core/training/snapshot/training-pool.ts';
import { folderStore } from './folder-store.ts';
import { costOf, type MeasuredStep, type RunCost } from './training-cost.ts';
import { measurementsPerTarget, storeSimulated } from './training-dataset.ts';

const settings = runSettingsSchema.parse({});

interface Measured extends MeasuredStep {
  /** Most memory of the process from its start: Node, the code, ONNX Runtime where it is used, and the work. */
  readonly peakMiB: number;
  /** Before the work. */
  readonly idleMiB: number;
}

const peakMiB = (): number => process.resourceUsage().maxRSS / 1024;

type Part = 'fill' | 'snapshot' | 'fit' | 'evaluate' | 'adapt';

/** One part, in this process. @param count targets, of `fill`; id of the snapshot, of the parts after it */
async function runPart(part: Part, folder: string, argument: string): Promise<object> {
  const store = folderStore(folder);
  if (part === 'fill') {
    await storeSimulated(store, Number(argument));
    return {};
  }
  if (part === 'snapshot') {
    return measure(store, async () => {
      const { snapshotId, targets, measurements } = await freezeSnapshot(store);
      return { snapshotId, targets: targets.length, measurements: measurements.rows };
    });
  }
  const fitId = fitIdOf(specOf(argument));
  if (part === 'fit') {
    await writeJson(store, fitKey(fitId, 'spec.json'), specOf(argument));
    return measure(store, async () => {
      const started = performance.now();
      const atMs: number[] = [];
      await continueFit(store, fitId, {
        now: Date.now,
        deadlineMs: Number.POSITIVE_INFINITY,
        onProgress: async () => void atMs.push(performance.now() - started),
      });
      const paceS = (atMs.at(-1)! - atMs[0]!) / 1000 / (measuredSteps - stepsPerReport);
      // What was measured is a start and a few steps; a whole fit has more of them.
      return { seconds: atMs[0]! / 1000 + paceS * (settings.steps - stepsPerReport) };
    });
  }
  if (part === 'evaluate') {
    const predictor = await loadFit(store, fitId);
    return measure(store, async () => {
      const manifest = await readManifest(store, argument);
      const pool = trainingPool(manifest, await readMeasurements(store, manifest));
      const folds = foldsOf(manifest, settings.folds);
      const { used } = heldOutTargets(pool, folds[0]!.hardwareKeys);
      for (const task of tasksOf(used, settings)) {
        // As in a run: the candidate with the regression, then the champion.
        await evaluate(predictor, { ...task, methods: ['sugarbush', 'ridge'] });
        await evaluate(predictor, { ...task, methods: ['sugarbush'] });
      }
      return { evaluated: used.length, folds: folds.length };
    });
  }
  const predictor = await loadFit(store, fitId);
  const { version } = predictor.identity;
  await predictor.close();
  for (const file of ['predictor.onnx', 'predictor.json'] as const) {
    const { body } = (await store.get(fitKey(fitId, file)))!;
    await store.put(predictorKey(version, file), body);
  }
  const batches = await planAdaptation(store);
  return measure(store, async () => {
    await adaptBatch(store, version, batches[0]!);
    return { adapted: batches[0]!.count, batches: batches.length };
  });
}

async function measure<T extends object>(
  { requests }: ReturnType<typeof folderStore>,
  work: () => Promise<T>,
): Promise<Measured & T> {
  const [{ gets, puts }, idleMiB, started] = [{ ...requests }, peakMiB(), performance.now()];
  const found = await work();
  const seconds = (performance.now() - started) / 1000;
  return { seconds, gets: requests.gets - gets, puts: requests.puts - puts, peakMiB: peakMiB(), idleMiB, ...found };
}

const measuredSteps = 4 * stepsPerReport;
const specOf = (snapshotId: string): FitSpec => ({
  formatVersion: fitFormatVersion,
  snapshotId,
  features: featureSchemaId,
  lowerings: [...defaultLowerings],
  heldOut: [],
  only: null,
  seed: 0,
  steps: measuredSteps,
  stepsPerReport,
});

export interface ScaleRow {
  readonly targets: number;
  readonly measurements: number;
  readonly snapshot: Measured;
  readonly fit: Measured;
  readonly evaluate: Measured & { readonly evaluated: number; readonly folds: number };
  readonly adapt: Measured & { readonly adapted: number; readonly batches: number };
  readonly cost: RunCost;
}

export interface ScaleResult {
  /** The snapshot that a Lambda of 1,769 MB has to hold. */
  readonly snapshot: Measured & { readonly measurements: number; readonly targets: number };
  readonly rows: readonly ScaleRow[];
}

const snapshotMeasurements = 400_000;

/** Measures each part of a training run over datasets of the given numbers of targets, in processes of their own. */
export async function benchTrainingScale(
  sizes: readonly number[] = [10, 100, 1000, 10_000],
  onProgress: (done: string) => void = () => {},
): Promise<ScaleResult> {
  const rows: ScaleRow[] = [];
  for (const targets of sizes) {
    rows.push(await withDataset(targets, (part) => rowOf(targets, part)));
    onProgress(`${targets} targets`);
  }
  const targets = snapshotMeasurements / measurementsPerTarget;
  const snapshot = await withDataset(targets, (part) => part<ScaleResult['snapshot']>('snapshot', ''));
  return { snapshot, rows };
}

type RunPart = <T>(part: Part, argument: string) => Promise<T>;

async function withDataset<T>(targets: number, use: (part: RunPart) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'sugarbush-scale-'));
  const part: RunPart = async (name, argument) => {
    const script = fileURLToPath(import.meta.url);
    const { stdout } = await promisify(execFile)(process.execPath, [script, name, folder, argument]);
    return JSON.parse(stdout);
  };
  try {
    await part('fill', String(targets));
    return await use(part);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function rowOf(targets: number, part: RunPart): Promise<ScaleRow> {
  const snapshot = await part<Measured & { snapshotId: string; measurements: number }>('snapshot', '');
  const { snapshotId, measurements } = snapshot;
  const fit = await part<Measured>('fit', snapshotId);
  const evaluated = await part<ScaleRow['evaluate']>('evaluate', snapshotId);
  const adapt = await part<ScaleRow['adapt']>('adapt', snapshotId);
  const cost = costOf({
    snapshot,
    fit,
    // One of all devices, and one a fold; the champion's are there.
    fits: 1 + evaluated.folds,
    fold: evaluated,
    folds: evaluated.folds,
    batch: adapt,
    batches: adapt.batches,
  });
  return { targets, measurements, snapshot, fit, evaluate: evaluated, adapt, cost };
}

/** Times, memory and cost by number of targets as lines for a terminal. */
export function trainingScaleTable({ snapshot, rows }: ScaleResult): string {
  const s = (value: number): string => value.toFixed(value < 10 ? 1 : 0);
  const mib = (value: number): string => value.toFixed(0);
  const thousands = (value: number): string => Math.round(value).toLocaleString('en-US');
  return [
    `Snapshot of ${thousands(snapshot.measurements)} measurements of ${thousands(snapshot.targets)} targets, alone in a process: ` +
      `${s(snapshot.seconds)} s, peak ${mib(snapshot.peakMiB)} MiB (${mib(snapshot.idleMiB)} MiB before it began); a Lambda has 1,769 MB.`,
    '',
    '| targets | measurements | snapshot | fit | evaluate a fold | adapt a batch | most memory |',
    '| --: | --: | --: | --: | --: | --: | --: |',
    ...rows.map(({ targets, measurements, snapshot: frozen, fit, evaluate: fold, adapt }) => {
      const most = Math.max(...[frozen, fit, fold, adapt].map((each) => each.peakMiB));
      return (
        `| ${thousands(targets)} | ${thousands(measurements)} | ${s(frozen.seconds)} s | ${s(fit.seconds)} s | ` +
        `${s(fold.seconds)} s (${fold.evaluated} targets) | ${s(adapt.seconds)} s (${adapt.adapted}) | ${mib(most)} MiB |`
      );
    }),
    '',
    '| targets | fits | batches | Lambda GB-s | S3 GET | S3 PUT and LIST | USD a run | of it adaptation |',
    '| --: | --: | --: | --: | --: | --: | --: | --: |',
    ...rows.map(
      ({ targets, evaluate: { folds }, adapt, cost }) =>
        `| ${thousands(targets)} | ${1 + folds} | ${adapt.batches} | ${thousands(cost.lambdaGbS)} | ${thousands(cost.s3Gets)} | ` +
        `${thousands(cost.s3Puts)} | ${cost.usd.toFixed(3)} | ${(100 * cost.adaptShare).toFixed(0)} % |`,
    ),
    '',
    'Seconds of this machine are taken for those of a Lambda, and 30 ms are added for every S3 request. Prices: us-east-1,',
    'arm64, without free tiers, looked up on 24 November 2026 (cli/bench/training-cost.ts says where).',
  ].join('\n');
}

// As the process of one part: `node training-scale.ts PART FOLDER ARGUMENT`.
if (import.meta.main) {
  const [part, folder = '', argument = ''] = process.argv.slice(2);
  console.log(JSON.stringify(await runPart(part as Part, folder, argument)));
}
