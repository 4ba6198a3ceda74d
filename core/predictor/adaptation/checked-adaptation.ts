// The adaptation of a target as the service keeps it, but for the revision of its data: from at most a few hundred of
// its measurements, with what they say of themselves and the error to expect.

import type { Predictor } from '#core/predictor/bundle.ts';
import type { Forward, Measured } from '#core/predictor/types.ts';
import { seededRandom } from '#core/random.ts';
import type { Architecture } from '#core/search-space/search-space.ts';
import type { Adaptation } from './adaptation.ts';
import { adaptCalibrated } from './calibrate.ts';
import { checkMeasurements } from './check-measurements.ts';
import { expectedError } from './expected-error.ts';

/** What the service keeps of a target, but for the number of its profiles, which whoever stores it knows. */
export type CheckedAdaptation = Omit<Adaptation, 'dataRevision'>;

/** More measurements hardly make predictions better, and narrow the intervals below what the predictor can know. */
export const mostAdaptedFrom = 200;

const probeCount = 256;
const probes = new WeakMap<Predictor, Promise<Forward>>();

/**
 * The adaptation of a target as the service keeps it: calibrated, from at most `mostAdaptedFrom` evenly spaced
 * measurements, with their self-check and the error to expect over the search space. `measurements` and `outliers`
 * count in `measured`.
 * @param measured architectures with their latencies in ms
 * @param contradiction what is known to be wrong with the measurements beforehand, in a sentence
 * @throws DomainError `too-few-measurements` without any measurement; `invalid-request` for a latency that is not
 * finite and positive
 */
export async function adaptChecked(
  predictor: Predictor,
  measured: readonly Measured[],
  contradiction: string | null = null,
): Promise<CheckedAdaptation> {
  const used = evenlySpaced(measured, mostAdaptedFrom);
  const { parameters, identity } = predictor;
  const forward = await predictor.forward(used.map(({ architecture }) => architecture));
  const latencyMs = Float64Array.from(used, (m) => m.latencyMs);
  const adaptation = adaptCalibrated(parameters, identity.hash, forward, latencyMs);
  const check = checkMeasurements(parameters, identity.hash, forward, latencyMs, adaptation.outliers);
  return {
    ...adaptation,
    measurements: measured.length,
    outliers: adaptation.outliers.map((i) => indexOf(i, measured.length, mostAdaptedFrom)),
    selfCheck: { ...check, contradiction: contradiction ?? check.contradiction },
    expectedError: expectedError(adaptation, await probesOf(predictor)),
  };
}

/** At most `most` of `items`, evenly spaced and in their order; all where there are no more. A new array. */
export function evenlySpaced<T>(items: readonly T[], most: number): T[] {
  const count = Math.min(items.length, most);
  return Array.from({ length: count }, (_, i) => items[indexOf(i, items.length, most)]!);
}

/** Index, among `length` items, of the i-th of at most `most` evenly spaced ones. */
const indexOf = (i: number, length: number, most: number): number => Math.floor((i * length) / Math.min(length, most));

/** Random connected architectures of the search space, the same for every target. */
function probesOf(predictor: Predictor): Promise<Forward> {
  const known = probes.get(predictor);
  if (known !== undefined) return known;
  const random = seededRandom(0);
  const drawn: Architecture[] = [];
  while (drawn.length < probeCount) {
    const architecture = predictor.space.sample(random);
    if (predictor.space.isConnected(architecture)) drawn.push(architecture);
  }
  const forward = predictor.forward(drawn);
  probes.set(predictor, forward);
  return forward;
}
