// MAPLE-Edge (Nair, Abbasi, Wong, Shafiee, CVPR workshops 2022, arXiv 2204.12950) beside the predictor, as a baseline.
//
// From the paper: a regression network on [one-hot of the architecture, hardware-runtime descriptor]; the descriptor is
// each operator's latency and a few CPU counters, raw or normalised by the operator's latency; training rows are those
// of a pool of described devices and, added to them, a few measurements of the target.
// Ours, where the abstract and what is told of the paper leave it open: what is learned is ln latency, by squared
// error; two hidden layers of 128 (regression-network.ts), 2000 steps of 128 rows; latencies enter as logarithms,
// counters as ln(1 + x), both standardised over the targets learned from; a value that is missing stands at the mean of
// those that are there, and a column beside it says that it is missing; columns that are the same for all targets
// learned from are left out, for nothing can be learned of them. The number of steps is where networks held out of the
// pool's own were predicted about as well as they would be; nothing was tried out on what is reported.

import type { Descriptor } from '#core/descriptor/descriptor.ts';
import { type CounterNormalisation, descriptorVector } from '#core/descriptor/vector.ts';
import { DomainError } from '#core/errors.ts';
import type { Architecture, SearchSpace } from '#core/search-space/search-space.ts';
import { choiceColumns } from './evaluation/choice-columns.ts';
import { fitRegression, regress } from './regression-network.ts';

/** A target with its descriptor and what it measured. */
export interface TargetWithDescriptor {
  readonly descriptor: Descriptor | null;
  /** In ms, one an architecture of the task, NaN where there is none. */
  readonly latencyMs: Float64Array;
}

export interface MapleEdgeTask {
  readonly space: SearchSpace;
  readonly architectures: readonly Architecture[];
  readonly pool: readonly TargetWithDescriptor[];
  /** Rows of architectures that the pool's latencies are learned at. */
  readonly poolRows: readonly number[];
  /** Its latencies are looked at in the rows of `support` alone. */
  readonly target: TargetWithDescriptor;
  /** Rows that the target measured; may be empty where there is a pool. */
  readonly support: readonly number[];
  readonly normalisation: CounterNormalisation;
  readonly seed: number;
}

const steps = 2000;

/** Trains the network and predicts the target.
 * @returns ms, one an architecture
 * @throws DomainError `too-few-measurements` where neither pool nor target has a latency */
export async function mapleEdge(task: MapleEdgeTask): Promise<Float64Array> {
  const { space, architectures, pool, poolRows, target, support, normalisation, seed } = task;
  const targets = support.length > 0 ? [...pool, target] : pool;
  const describe = descriptorInputs(
    space,
    targets.map(({ descriptor }) => descriptor),
    normalisation,
  );
  const choices = choiceColumns(space, architectures);
  const width = choices.width + describe(target.descriptor).length;
  const inputsOf = ({ descriptor }: TargetWithDescriptor, rows: readonly number[]): Float32Array => {
    const inputs = new Float32Array(rows.length * width);
    const described = describe(descriptor);
    for (const [i, row] of rows.entries()) {
      inputs.set(choices.features.subarray(row * choices.width, (row + 1) * choices.width), i * width);
      inputs.set(described, i * width + choices.width);
    }
    return inputs;
  };
  const parts = targets.map((own) => {
    const measured = (own === target ? support : poolRows).filter((row) => !Number.isNaN(own.latencyMs[row]));
    return { inputs: inputsOf(own, measured), values: measured.map((row) => Math.log(own.latencyMs[row]!)) };
  });
  const values = Float64Array.from(parts.flatMap((part) => part.values));
  if (values.length === 0) {
    throw new DomainError('too-few-measurements', 'MAPLE-Edge learns from a pool or from the target: neither has any');
  }
  const inputs = new Float32Array(values.length * width);
  let first = 0;
  for (const part of parts) {
    inputs.set(part.inputs, first);
    first += part.inputs.length;
  }
  const network = await fitRegression({ inputs, width, values }, seed, steps);
  return regress(network, inputsOf(target, [...architectures.keys()])).map(Math.exp);
}

/**
 * How descriptors enter: for each value that differs between those learned from, the standardised value, then for each
 * whose presence differs, 1 where it is there. A missing value stands at 0, which is the mean of those that are there.
 * @param learned of the targets learned from; null: none was measured
 */
export function descriptorInputs(
  { id }: Pick<SearchSpace, 'id'>,
  learned: readonly (Descriptor | null)[],
  normalisation: CounterNormalisation,
): (descriptor: Descriptor | null) => Float32Array {
  const read = (descriptor: Descriptor | null) => {
    const { names, values, present } = descriptorVector(descriptor, id, normalisation);
    return { present, values: values.map((x, i) => (names[i]!.endsWith(':latencyMs') ? Math.log(x) : Math.log1p(x))) };
  };
  const vectors = learned.map(read);
  const columns = [...(vectors[0]?.present.keys() ?? [])].map((column) => {
    const there = vectors.filter(({ present }) => present[column] === 1).map(({ values }) => values[column]!);
    const mean = there.reduce((sum, x) => sum + x, 0) / there.length;
    const deviation = Math.sqrt(there.reduce((sum, x) => sum + (x - mean) ** 2, 0) / there.length);
    return { column, mean, deviation, presence: there.length };
  });
  const varying = columns.filter(({ deviation }) => deviation > 1e-9);
  const masked = columns.filter(({ presence }) => presence > 0 && presence < learned.length);
  return (descriptor) => {
    const { values, present } = read(descriptor);
    return Float32Array.from([
      ...varying.map(({ column, mean, deviation }) => (present[column] ? (values[column]! - mean) / deviation : 0)),
      ...masked.map(({ column }) => present[column]!),
    ]);
  };
}
