// What descriptors are worth on the measured fleet, under a predictor that has learned nothing from it. How an operator
// alone differs from the same in a network is learned from the fleet's targets of other runtimes.
import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { countedGraphs, shippedCollections } from '#cli/train/counted-graphs.ts';
import { leftOutOfFleet, shippedPool } from '#cli/train/shipped-pool.ts';
import { anyProfileSchema } from '#core/dataset/read-profile.ts';
import type { Descriptor } from '#core/descriptor/descriptor.ts';
import { operatorNetworks } from '#core/descriptor/operator-networks.ts';
import { chooseRows } from '#core/predictor/adaptation/select-support-set.ts';
import { loadPredictor } from '#core/predictor/bundle.ts';
import { learnAlone, scoreDescribed, type TargetWithOperators } from '#core/predictor/evaluation/described-targets.ts';
import { meanAccuracy } from '#core/predictor/evaluation/held-out-evaluation.ts';
import type { Accuracy } from '#core/predictor/evaluation/metrics.ts';
import { weightsOf } from '#core/predictor/fitting/add-counter-map.ts';
import { fitKernelPredictor } from '#core/predictor/fitting/fit-predictor.ts';
import { defaultLowerings } from '#core/predictor/hypotheses.ts';
import { type CounterMap, learnCounterMap } from '#core/predictor/operators/counter-prior.ts';
import { type AloneModel, operatorRows } from '#core/predictor/operators/operator-rows.ts';
import { runtimeAtLevel } from '#core/predictor/operators/runtime-at-level.ts';
import type { Predictor } from '#core/predictor/types.ts';
import { seededRandom } from '#core/random.ts';
import { searchSpace } from '#core/search-space/registry.ts';
import { type CountedGraphs, episodeData } from '#core/training/fits/episode-data.ts';

/** A target of the fleet. */
interface FleetTarget extends TargetWithOperators {
  /** Optimisation level: `onnxruntime basic`. */
  readonly runtime: string;
  readonly descriptor: Descriptor;
}

/** Trains as `sugarbush train` does, but without the fleet.
 * @param more what it learns from beside that */
export async function predictorWithoutFleet(
  seed: number,
  steps: number | undefined,
  note: (line: string) => void,
  more: readonly CountedGraphs[] = [],
): Promise<Predictor> {
  const pool = shippedPool({ fleet: false });
  const collections = [...shippedCollections().map(countedGraphs), ...more];
  const data = episodeData(pool, defaultLowerings, { heldOut: [], only: null }, collections);
  const bundle = await fitKernelPredictor({
    data,
    seed,
    ...(steps !== undefined && { steps }),
    onProgress: ({ step, steps: all, loss }) => note(`step ${step} of ${all}: loss ${loss.toFixed(3)}`),
  });
  return loadPredictor(bundle);
}

const folder = new URL('../../data/fleet/', import.meta.url);

/** In the order of their names. */
export async function readFleet(predictor: Predictor): Promise<FleetTarget[]> {
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.json.gz'))
    .sort();
  return Promise.all(files.map((file) => fleetTarget(predictor, file)));
}

async function fleetTarget(predictor: Predictor, file: string): Promise<FleetTarget> {
  const bytes = gunzipSync(readFileSync(new URL(file, folder)));
  const { target, workloads, measurements, descriptor } = anyProfileSchema.parse(JSON.parse(bytes.toString('utf8')));
  const [workload] = workloads;
  const { parse } = searchSpace(workload!.searchSpace);
  const architectures = measurements.map(({ architecture }) => parse(architecture));
  return {
    id: file.replace('.json.gz', ''),
    runtimeName: target.runtime.name,
    runtime: runtimeAtLevel(target.runtime),
    networks: await predictor.forward([{ workload: workload!, architectures }]),
    latencyMs: Float64Array.from(measurements, ({ latency }) => latency.medianMs),
    operators: (await operatorRows(predictor, operatorNetworks(descriptor!)))!,
    descriptor: descriptor!,
  };
}

export interface DescriptorScore extends Accuracy {
  readonly target: string;
  readonly measurements: number;
  readonly selection: 'random' | 'chosen' | 'none';
  readonly descriptor: boolean;
  /** Whether its counters moved the prior. */
  readonly counters: boolean;
}

export interface DescriptorEvaluation {
  /** From all targets, and without those of each runtime: at a level, and at any. */
  readonly learned: readonly { readonly without: string | null; readonly alone: AloneModel }[];
  /** What a map of counters learned without each runtime tells of the weights of those that it left out in turn. */
  readonly maps: readonly {
    readonly without: string;
    readonly leftOutError: number;
    readonly strength: number | null;
  }[];
  readonly scores: readonly DescriptorScore[];
}

export interface DescriptorPlan {
  readonly measurements: readonly number[];
  /** Random draws a target. */
  readonly repeats: number;
  readonly seed: number;
}

/** Each target with what was learned from those of other runtimes, another optimisation level being one. */
export function evaluateDescriptor(
  predictor: Predictor,
  fleet: readonly FleetTarget[],
  plan: DescriptorPlan,
  note: (line: string) => void,
): DescriptorEvaluation {
  const usable = fleet.filter(({ id }) => !leftOutOfFleet.includes(id));
  const without = (part: string | null) => ({
    without: part,
    alone: learnAlone(
      predictor,
      usable.filter(({ runtime }) => part === null || !isPart(runtime, part)),
    ),
  });
  const learned = [...new Set(fleet.flatMap(({ runtime }) => [runtime, runtime.split(' ')[0]!]))].map(without);
  note('learning what counters tell of prices');
  const counted = usable.map((target) => ({ ...target, weights: weightsOf(predictor, target) }));
  const maps = [...new Set(fleet.map(({ runtime }) => runtime))].map((runtime) => ({
    without: runtime,
    ...learnCounterMap(counted.filter((target) => target.runtime !== runtime)),
  }));
  const scores = fleet.flatMap((target) => {
    note(`evaluating ${target.id}`);
    const { alone } = learned.find((each) => each.without === target.runtime)!;
    const { map } = maps.find((each) => each.without === target.runtime)!;
    return plan.measurements.flatMap((measurements) => scoresOf(predictor, target, measurements, plan, alone, map));
  });
  const told = maps.map(({ map: _, ...own }) => own);
  return { learned: [without(null), ...learned], maps: told, scores };
}

/** Whether a runtime is that at its level, or at any where the part tells none. */
const isPart = (runtime: string, part: string): boolean => runtime === part || runtime.split(' ')[0] === part;

function scoresOf(
  predictor: Predictor,
  target: FleetTarget,
  measurements: number,
  { repeats, seed }: DescriptorPlan,
  alone: AloneModel,
  map: CounterMap | undefined,
): DescriptorScore[] {
  const told = { target: target.id, measurements };
  const ways: Pick<DescriptorScore, 'descriptor' | 'counters'>[] = [
    { descriptor: true, counters: true },
    { descriptor: true, counters: false },
    { descriptor: false, counters: false },
  ];
  const scoreBy = ({ descriptor, counters }: (typeof ways)[number], support: readonly number[]): Accuracy =>
    scoreDescribed(predictor, target, support, descriptor ? alone : null, counters ? map : undefined);
  if (measurements === 0) {
    const described = ways.filter(({ descriptor }) => descriptor);
    return described.map((way) => ({ ...told, selection: 'none', ...way, ...scoreBy(way, []) }));
  }
  const drawn = Array.from({ length: repeats }, (_, repeat) => [
    ...seededRandom(seed * 1000 + repeat).choose(target.networks.count, measurements),
  ]);
  return ways.flatMap((way): DescriptorScore[] => {
    const { picks } = chooseRows(target.networks, measurements);
    const score = (support: readonly number[]): Accuracy => scoreBy(way, support);
    return [
      { ...told, selection: 'random', ...way, ...meanAccuracy(drawn.map(score)) },
      { ...told, selection: 'chosen', ...way, ...score(picks) },
    ];
  });
}
