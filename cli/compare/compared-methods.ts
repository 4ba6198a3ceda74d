// The methods that are compared, one entry each.
import { tableEpisodes } from '#cli/evaluate/table-networks.ts';
import { workloadOfColumn } from '#cli/import/table-profiles.ts';
import { operatorNetworks } from '#core/descriptor/operator-networks.ts';
import type { CounterNormalisation } from '#core/descriptor/vector.ts';
import type { AdaptOptions } from '#core/predictor/adaptation/adaptation.ts';
import { adaptCalibrated } from '#core/predictor/adaptation/calibrate.ts';
import { forwardRows } from '#core/predictor/adaptation/leave-one-out.ts';
import { predictLatencies } from '#core/predictor/adaptation/posterior-predictive.ts';
import { selectSupportSet } from '#core/predictor/adaptation/select-support-set.ts';
import { loadPredictor } from '#core/predictor/bundle.ts';
import { choiceColumns } from '#core/predictor/evaluation/choice-columns.ts';
import type { ComparedMethod, PreparedMethod } from '#core/predictor/evaluation/compare-methods.ts';
import { learnAlone } from '#core/predictor/evaluation/described-targets.ts';
import { handSetLatencies } from '#core/predictor/evaluation/hand-set-prices.ts';
import { columnMoments, ridgeRegression } from '#core/predictor/evaluation/ridge.ts';
import { fitKernelPredictor } from '#core/predictor/fitting/fit-predictor.ts';
import { networkCounts } from '#core/predictor/kernels/count-cache.ts';
import { mapleEdge } from '#core/predictor/maple-edge.ts';
import { type AloneModel, operatorRows } from '#core/predictor/operators/operator-rows.ts';
import { lnLoweringPriors } from '#core/predictor/operators/runtime-lowerings.ts';
import type { Forward, Predictor } from '#core/predictor/types.ts';
import { searchSpace } from '#core/search-space/registry.ts';
import { defaultSplits } from '../evaluate/default-splits.ts';
import type { DescribedFleet, FleetColumn } from './described-fleet.ts';
import type { MethodId } from './method-ids.ts';

type NamedMethod = ComparedMethod & { readonly id: MethodId };

const workload = workloadOfColumn('nasbench201');
const space = searchSpace('nasbench201');

/** @param steps of the predictor's training */
export function comparedMethods(fleet: DescribedFleet, steps: number): NamedMethod[] {
  const trained = trainedOnce(fleet, steps);
  return [
    sugarbush('sugarbush', { learns: false, selection: 'random' }, fleet, trained),
    sugarbush('sugarbush-chosen', { learns: false, selection: 'chosen' }, fleet, trained),
    sugarbush('sugarbush-descriptor', { learns: false, selection: 'random', described: true }, fleet, trained),
    sugarbush('sugarbush-descriptor-chosen', { learns: false, selection: 'chosen', described: true }, fleet, trained),
    sugarbush('sugarbush-pool', { learns: true, selection: 'random' }, fleet, trained),
    mapleEdgeMethod('maple-edge-raw', 'raw', fleet),
    mapleEdgeMethod('maple-edge-normalised', 'operator-latency', fleet),
    ridge(fleet),
    kernelCounts(fleet),
  ];
}

const targetOf = ({ targets }: DescribedFleet, id: string): FleetColumn => targets.find((target) => target.id === id)!;

const latenciesOf = (fleet: DescribedFleet, id: string, support: readonly number[]): Float64Array =>
  Float64Array.from(support, (row) => targetOf(fleet, id).latencyMs[row]!);

type Trained = (pool: readonly string[], seed: number) => Promise<Predictor>;

/** Learns from the public table's training targets and the pool; the one trained last is kept. */
function trainedOnce({ joined, joinedRows }: DescribedFleet, steps: number): Trained {
  let last: { readonly key: string; readonly predictor: Predictor } | undefined;
  return async (pool, seed) => {
    const key = [seed, ...pool].join(' ');
    if (last?.key === key) return last.predictor;
    await last?.predictor.close();
    const data = tableEpisodes(joined, [...defaultSplits.nasbench201.train, ...pool], joinedRows);
    last = { key, predictor: await loadPredictor(await fitKernelPredictor({ data, seed, steps })) };
    return last.predictor;
  };
}

interface Kind extends Pick<ComparedMethod, 'learns' | 'selection'> {
  /** Whether it is told a target's runtime and descriptor. */
  readonly described?: true;
}

function sugarbush(id: MethodId, { described, ...kind }: Kind, fleet: DescribedFleet, trained: Trained): NamedMethod {
  return {
    id,
    ...kind,
    fewest: described && kind.selection === 'random' ? 0 : 1,
    effort: { prepare: kind.selection === 'random' ? 30 : 0.1, predict: 0.2 },
    async prepare(pool, seed): Promise<PreparedMethod> {
      const predictor = await trained(pool, seed);
      const { parameters, identity } = predictor;
      const forward = await predictor.forward([{ workload, architectures: fleet.architectures }]);
      const descriptions = described ? await toldOfTargets(predictor, forward, fleet) : undefined;
      return {
        async predict(target, support) {
          const measured = latenciesOf(fleet, target, support);
          const networks = forwardRows(forward, support);
          const adaptation = adaptCalibrated(parameters, identity.hash, networks, measured, descriptions?.(target));
          return predictLatencies(adaptation, parameters.lowerings, forward).latencyMs;
        },
        async choose(target, count) {
          const { latencyMs } = targetOf(fleet, target);
          const rows = fleet.supportRows.filter((row) => !Number.isNaN(latencyMs[row]));
          const architectures = rows.map((row) => fleet.architectures[row]!);
          const { indices } = await selectSupportSet(predictor, [{ workload, architectures }], count);
          return indices.map((i) => rows[i]!);
        },
      };
    },
  };
}

/** What an adaptation is told of a target beside measurements. How operators alone differ from the same in a network is
 * learned from the rows that pools learn from, of targets of other runtimes. */
async function toldOfTargets(
  predictor: Predictor,
  forward: Forward,
  { targets, supportRows }: DescribedFleet,
): Promise<(target: string) => AdaptOptions> {
  const learned = await Promise.all(
    targets.map(async ({ descriptor, ...target }) => ({
      ...target,
      descriptor: descriptor!,
      runtimeName: target.program,
      networks: forwardRows(forward, supportRows),
      latencyMs: Float64Array.from(supportRows, (row) => target.latencyMs[row]!),
      operators: (await operatorRows(predictor, operatorNetworks(descriptor!)))!,
    })),
  );
  const alone = new Map<string, AloneModel>();
  return (id) => {
    const { runtime, runtimeName, operators } = learned.find((target) => target.id === id)!;
    const others = learned.filter((target) => target.runtime !== runtime);
    if (!alone.has(runtime)) alone.set(runtime, learnAlone(predictor, others));
    return {
      operators: { ...operators, alone: alone.get(runtime)! },
      lnLoweringPriors: lnLoweringPriors(runtimeName, predictor.parameters.lowerings),
    };
  };
}

function mapleEdgeMethod(id: MethodId, normalisation: CounterNormalisation, fleet: DescribedFleet): NamedMethod {
  const { architectures, supportRows: poolRows } = fleet;
  return {
    id,
    fewest: 0,
    learns: true,
    selection: 'random',
    effort: { prepare: 0, predict: 1.5 },
    async prepare(pool) {
      const learned = pool.map((own) => targetOf(fleet, own));
      return {
        predict: (target, support, seed) =>
          mapleEdge({
            space,
            architectures,
            pool: learned,
            poolRows,
            target: targetOf(fleet, target),
            support,
            normalisation,
            seed,
          }),
      };
    },
  };
}

function ridge(fleet: DescribedFleet): NamedMethod {
  const { features, width } = choiceColumns(space, fleet.architectures);
  const moments = columnMoments(features, width);
  return withoutPool('ridge', 1, async (target, support) => {
    return ridgeRegression(features, moments, support, latenciesOf(fleet, target, support)).latencyMs;
  });
}

function kernelCounts(fleet: DescribedFleet): NamedMethod {
  const counted = networkCounts(['fused']).count({ workload, architectures: fleet.architectures });
  return withoutPool('kernel-counts', 0, async (target, support) =>
    handSetLatencies(counted, support, latenciesOf(fleet, target, support)),
  );
}

/** Methods that look at the target's own measurements alone. */
function withoutPool(id: MethodId, fewest: number, predict: PreparedMethod['predict']): NamedMethod {
  const effort = { prepare: 0, predict: 0.02 };
  return { id, fewest, learns: false, selection: 'random', effort, prepare: async () => ({ predict }) };
}
