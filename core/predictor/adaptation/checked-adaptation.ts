// The adaptation of a target as the service keeps it, but for the revision of its data: from at most a few hundred of
// its measurements, with what they say of themselves and the error to expect.

import type { Descriptor } from '#core/descriptor/descriptor.ts';
import { counterPriorMeans } from '#core/predictor/operators/counter-prior.ts';
import { type OperatorAlone, operatorRows } from '#core/predictor/operators/operator-rows.ts';
import { lnLoweringPriors } from '#core/predictor/operators/runtime-lowerings.ts';
import type { Forward, GraphSet, Measured, MeasuredGraph, NetworkSet, Predictor } from '#core/predictor/types.ts';
import { seededRandom } from '#core/random.ts';
import { searchSpace, searchSpaces } from '#core/search-space/registry.ts';
import type { Architecture } from '#core/search-space/search-space.ts';
import { type Workload, workloadKey, workloadOf } from '#core/search-space/workload.ts';
import type { Adaptation, AdaptOptions } from './adaptation.ts';
import { adaptCalibrated } from './calibrate.ts';
import { checkMeasurements } from './check-measurements.ts';
import { expectedError } from './expected-error.ts';

/** More measurements hardly make predictions better, and narrow the intervals below what the predictor can know. */
export const mostAdaptedFrom = 200;
/** Among these, operator graphs, which are few and each unlike the others: architectures do not crowd them out. */
const mostGraphs = 100;

/** How many architectures of each workload that the target was measured with are asked for their expected error. */
const probeCount = 128;
const probes = new WeakMap<Predictor, Map<string, Promise<Forward>>>();

/** What a target's descriptor says. */
export interface Described {
  /** Its runtime's name; null: not known. */
  readonly runtime: string | null;
  /** Those with a latency. */
  readonly operators: readonly OperatorAlone[];
  /** With its counters; left out: there are none to look at. */
  readonly descriptor?: Descriptor | undefined;
}

/** @param contradiction what is known to be wrong with the measurements beforehand, in a sentence
 * @param described what is known beside measurements
 * @throws DomainError `too-few-measurements` without any and without operators; `invalid-request` for a latency that is
 * not positive */
export async function adaptChecked(
  predictor: Predictor,
  measured: readonly (Measured | MeasuredGraph)[],
  contradiction: string | null = null,
  described?: Described,
): Promise<Adaptation> {
  const { parameters, identity } = predictor;
  const groups = inSets(measured, usedRows(measured));
  const order = groups.flatMap(({ rows }) => rows);
  const plain = await predictor.forward(groups.map(({ set }) => set));
  const shares = order.map((row) => measured[row]!.shares);
  const forward = shares.every((own) => own === undefined) ? plain : { ...plain, shares };
  const latencyMs = Float64Array.from(order, (row) => measured[row]!.latencyMs);
  const options = await optionsOf(predictor, described);
  const adaptation = adaptCalibrated(parameters, identity.hash, forward, latencyMs, options);
  const alone = new Set([...order.keys()].filter((i) => 'graph' in measured[order[i]!]!));
  const check = checkMeasurements(parameters, identity.hash, forward, latencyMs, adaptation, alone, options);
  return {
    ...adaptation,
    measurements: measured.length,
    outliers: adaptation.outliers.map((i) => order[i]!).sort((a, b) => a - b),
    selfCheck: { ...check, contradiction: contradiction ?? check.contradiction },
    expectedError: await expectedOver(
      adaptation,
      predictor,
      groups.flatMap(({ set }) => ('graphs' in set ? [] : [set.workload])),
    ),
  };
}

async function optionsOf(
  predictor: Predictor,
  described: Described | undefined,
): Promise<Pick<AdaptOptions, 'operators' | 'lnLoweringPriors' | 'priorMeans'>> {
  const operators = described && (await operatorRows(predictor, described.operators));
  if (operators === undefined) return {};
  const { lowerings, counters } = predictor.parameters;
  const { runtime, descriptor } = described!;
  const priorMeans = counters && descriptor && counterPriorMeans(counters, descriptor);
  return { operators, lnLoweringPriors: lnLoweringPriors(runtime, lowerings), ...(priorMeans && { priorMeans }) };
}

/** At most `most` of `items`, in their order. */
export function evenlySpaced<T>(items: readonly T[], most: number): T[] {
  const count = Math.min(items.length, most);
  return Array.from({ length: count }, (_, i) => items[indexOf(i, items.length, most)]!);
}

/** Where the i-th of at most `most` evenly spaced ones is. */
const indexOf = (i: number, length: number, most: number): number => Math.floor((i * length) / Math.min(length, most));

/** Rows of `measured` to adapt from, ascending. */
function usedRows(measured: readonly (Measured | MeasuredGraph)[]): number[] {
  const rows = [...measured.keys()];
  const graphs = evenlySpaced(
    rows.filter((row) => 'graph' in measured[row]!),
    mostGraphs,
  );
  const architectures = evenlySpaced(
    rows.filter((row) => !('graph' in measured[row]!)),
    mostAdaptedFrom - graphs.length,
  );
  return [...architectures, ...graphs].sort((a, b) => a - b);
}

interface MeasuredSet {
  readonly set: NetworkSet | GraphSet;
  /** Which of the measured networks the set's are. */
  readonly rows: readonly number[];
}

/** One set a workload, and one of graphs. */
function inSets(measured: readonly (Measured | MeasuredGraph)[], rows: readonly number[]): MeasuredSet[] {
  const keyOf = (row: number): string => {
    const network = measured[row]!;
    return 'graph' in network ? '' : workloadKey(network.workload);
  };
  return Array.from(Map.groupBy(rows, keyOf).values(), (own): MeasuredSet => {
    const networks = own.map((row) => measured[row]!);
    const graphs = networks.flatMap((network) => ('graph' in network ? [network] : []));
    if (graphs.length > 0) return { set: { graphs }, rows: own };
    const architectures = networks.flatMap((network) => ('graph' in network ? [] : [network]));
    const { workload } = architectures[0]!;
    return { set: { workload, architectures: architectures.map(({ architecture }) => architecture) }, rows: own };
  });
}

/** The mean over the workloads that the target was measured with; over the usual one of every search space where it was
 * measured with graphs alone. */
async function expectedOver(
  adaptation: Adaptation,
  predictor: Predictor,
  measuredWorkloads: readonly Workload[],
): Promise<number> {
  const errors: number[] = [];
  const workloads =
    measuredWorkloads.length > 0 ? measuredWorkloads : searchSpaces.map(({ id }) => workloadOf({ searchSpace: id }));
  for (const workload of workloads)
    errors.push(expectedError(adaptation, predictor.parameters.lowerings, await probesOf(predictor, workload)));
  return errors.reduce((sum, error) => sum + error, 0) / errors.length;
}

/** Random connected architectures of the search space, the same for every target. */
function probesOf(predictor: Predictor, workload: Workload): Promise<Forward> {
  const byWorkload = probes.get(predictor) ?? new Map<string, Promise<Forward>>();
  probes.set(predictor, byWorkload);
  const known = byWorkload.get(workloadKey(workload));
  if (known !== undefined) return known;
  const space = searchSpace(workload.searchSpace);
  const random = seededRandom(0);
  const drawn: Architecture[] = [];
  while (drawn.length < probeCount) {
    const architecture = space.sample(random);
    if (space.isConnected(architecture)) drawn.push(architecture);
  }
  const forward = predictor.forward([{ workload, architectures: drawn }]);
  byWorkload.set(workloadKey(workload), forward);
  return forward;
}
