// The adaptation of a target as the service keeps it, but for the revision of its data: from at most a few hundred of
// its measurements, with what they say of themselves and the error to expect.

import type { Forward, Measured, NetworkSet, Predictor } from '#core/predictor/types.ts';
import { seededRandom } from '#core/random.ts';
import { searchSpace } from '#core/search-space/registry.ts';
import type { Architecture } from '#core/search-space/search-space.ts';
import { type Workload, workloadKey } from '#core/search-space/workload.ts';
import type { Adaptation } from './adaptation.ts';
import { adaptCalibrated } from './calibrate.ts';
import { checkMeasurements } from './check-measurements.ts';
import { expectedError } from './expected-error.ts';

/** More measurements hardly make predictions better, and narrow the intervals below what the predictor can know. */
export const mostAdaptedFrom = 200;

/** How many architectures of each workload that the target was measured with are asked for their expected error. */
const probeCount = 128;
const probes = new WeakMap<Predictor, Map<string, Promise<Forward>>>();

/** @param contradiction what is known to be wrong with the measurements beforehand, in a sentence
 * @throws DomainError `too-few-measurements` without any; `invalid-request` for a latency that is not positive */
export async function adaptChecked(
  predictor: Predictor,
  measured: readonly Measured[],
  contradiction: string | null = null,
): Promise<Adaptation> {
  const used = evenlySpaced(measured, mostAdaptedFrom);
  const { parameters, identity } = predictor;
  const groups = inWorkloads(used);
  const order = groups.flatMap(({ rows }) => rows);
  const forward = await predictor.forward(groups);
  const latencyMs = Float64Array.from(order, (row) => used[row]!.latencyMs);
  const adaptation = adaptCalibrated(parameters, identity.hash, forward, latencyMs);
  const check = checkMeasurements(parameters, identity.hash, forward, latencyMs, adaptation);
  return {
    ...adaptation,
    measurements: measured.length,
    outliers: adaptation.outliers
      .map((i) => indexOf(order[i]!, measured.length, mostAdaptedFrom))
      .sort((a, b) => a - b),
    selfCheck: { ...check, contradiction: contradiction ?? check.contradiction },
    expectedError: await expectedOver(
      adaptation,
      predictor,
      groups.map(({ workload }) => workload),
    ),
  };
}

/** At most `most` of `items`, in their order. */
export function evenlySpaced<T>(items: readonly T[], most: number): T[] {
  const count = Math.min(items.length, most);
  return Array.from({ length: count }, (_, i) => items[indexOf(i, items.length, most)]!);
}

/** Where the i-th of at most `most` evenly spaced ones is. */
const indexOf = (i: number, length: number, most: number): number => Math.floor((i * length) / Math.min(length, most));

/** One set a workload, with the rows of `measured` that its architectures are. */
function inWorkloads(measured: readonly Measured[]): (NetworkSet & { readonly rows: readonly number[] })[] {
  const byKey = Map.groupBy(measured.keys(), (row) => workloadKey(measured[row]!.workload));
  return Array.from(byKey.values(), (rows) => ({
    workload: measured[rows[0]!]!.workload,
    architectures: rows.map((row) => measured[row]!.architecture),
    rows,
  }));
}

/** The mean over the workloads that the target was measured with. */
async function expectedOver(
  adaptation: Adaptation,
  predictor: Predictor,
  workloads: readonly Workload[],
): Promise<number> {
  const errors: number[] = [];
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
