// A descriptor as numbers: one fixed order of columns a list of operators, a mask beside the values, counters raw or
// per millisecond of the operator's own latency (MAPLE-Edge, arXiv 2204.12950, section 3.2, found the latter to
// transfer).
import { type CounterName, counterNames } from './counters.ts';
import type { Descriptor, Operator } from './descriptor.ts';
import { descriptorOperators, type OperatorList } from './descriptor-operators.ts';

export type CounterNormalisation = 'operator-latency' | 'raw';

export interface DescriptorVector {
  /** `stage1/none:latencyMs`, `stage1/none:cpu-cycles`, … in order. */
  readonly names: readonly string[];
  /** NaN where there is no value: whoever feeds a network chooses what stands there, knowingly. */
  readonly values: Float64Array;
  /** 1 where there is a value. */
  readonly present: Uint8Array;
  /** 1 where the device or runtime cannot deliver the value (as opposed to not having delivered it). */
  readonly unsupported: Uint8Array;
}

/** Column names of the vector of a list: latency and then each counter, operator by operator. */
export function descriptorColumns(list: OperatorList, counters: readonly CounterName[] = counterNames): string[] {
  return descriptorOperators[list].flatMap((key) => [
    `${key}:latencyMs`,
    ...counters.map((counter) => `${key}:${counter}`),
  ]);
}

/** The vector over all operators of the list; `null` (no descriptor) and left-out operators are not counted. */
export function descriptorVector(
  descriptor: Descriptor | null,
  list: OperatorList,
  normalisation: CounterNormalisation,
  counters: readonly CounterName[] = counterNames,
): DescriptorVector {
  const names = descriptorColumns(list, counters);
  const values = new Float64Array(names.length).fill(Number.NaN);
  const present = new Uint8Array(names.length);
  const unsupported = new Uint8Array(names.length);
  let column = 0;
  const set = (value: number | string | undefined): void => {
    if (typeof value === 'number') {
      values[column] = value;
      present[column] = 1;
    } else if (value === 'unsupported') unsupported[column] = 1;
    column++;
  };
  for (const key of descriptorOperators[list]) {
    const operator = descriptor?.operators[key];
    const latency = latencyOf(operator);
    set(latency);
    for (const counter of counters) set(normalised(operator?.counters[counter], latency, normalisation));
  }
  return { names, values, present, unsupported };
}

function latencyOf(operator: Operator | undefined): number | 'unsupported' | 'not-counted' {
  if (operator === undefined) return 'not-counted';
  return typeof operator.latency === 'string' ? operator.latency : operator.latency.medianMs;
}

function normalised(
  value: number | string | undefined,
  latency: number | string,
  normalisation: CounterNormalisation,
): number | string | undefined {
  if (typeof value !== 'number' || normalisation === 'raw') return value;
  return typeof latency === 'number' ? value / latency : 'not-counted';
}
