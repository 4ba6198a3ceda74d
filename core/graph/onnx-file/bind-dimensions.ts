// Gives the open dimensions of a model's inputs their lengths.
import { DomainError, type Issue } from '#core/errors.ts';
import { quoteText } from '#core/text/quote-text.ts';
import { elementTypeOfNumber } from '../element-type-number.ts';
import type { Tensor } from '../operator-graph.ts';
import type { FileDimension, FileValue } from './file-model.ts';

export interface DimensionOptions {
  /** Lengths of named dimensions, by name. */
  readonly dims?: Readonly<Record<string, number>>;
  /** Whole shapes of inputs, by the input's name: for dimensions that have none. */
  readonly inputs?: Readonly<Record<string, readonly number[]>>;
  /** Length of the first axis of every input, where the model leaves it open and nothing above says it. */
  readonly batch?: number;
}

export interface Bound {
  readonly inputs: readonly Tensor[];
  /** Lengths of all named dimensions that are bound. */
  readonly lengths: ReadonlyMap<string, number>;
}

/** @throws DomainError `unbound-dimension` with an issue a dimension, `invalid-request` where an option fits nothing in
 * the model or contradicts it, `unsupported-model` where an input is no tensor */
export function bindDimensions(inputs: readonly FileValue[], options: DimensionOptions): Bound {
  const lengths = new Map<string, number>();
  const names = new Set(inputs.flatMap((i) => (i.shape ?? []).filter((d) => typeof d === 'string')));
  for (const [name, length] of Object.entries(options.dims ?? {})) {
    if (!names.has(name)) unfit(`no input has a dimension ${quoteText(name)}; there are ${listed([...names])}`);
    lengths.set(name, positive(length, `dimension ${quoteText(name)}`));
  }
  for (const [name, shape] of Object.entries(options.inputs ?? {})) {
    const input = inputs.find((i) => i.name === name);
    if (input === undefined) unfit(`no input ${quoteText(name)}; there are ${listed(inputs.map((i) => i.name))}`);
    for (const d of shape) positive(d, `input ${quoteText(name)}`);
    bindWhole(input, shape, lengths);
  }
  if (options.batch !== undefined) bindBatch(inputs, options, positive(options.batch, 'batch'), lengths);
  const issues: Issue[] = [];
  const bound = inputs.map((input) => tensorOf(input, options, lengths, issues));
  if (issues.length > 0) {
    const open = issues.map((i) => i.message).join('; ');
    throw new DomainError('unbound-dimension', `dimensions are open: ${open}`, { issues });
  }
  return { inputs: bound, lengths };
}

function tensorOf(
  { name, elementType, shape }: FileValue,
  { inputs = {}, batch }: DimensionOptions,
  lengths: ReadonlyMap<string, number>,
  issues: Issue[],
): Tensor {
  const type = elementType === undefined ? undefined : elementTypeOfNumber(elementType);
  if (type === undefined) {
    const what = elementType === undefined ? 'is no tensor' : `has the element type ${elementType}`;
    throw new DomainError('unsupported-model', `input ${quoteText(name)} ${what}`);
  }
  const whole = Object.hasOwn(inputs, name) ? inputs[name] : undefined;
  if (shape === undefined) {
    if (!whole) issues.push({ path: `inputs/${name}`, message: `input ${quoteText(name)} has no shape` });
    return { name, type, shape: whole ?? [] };
  }
  const bound = shape.map((d, axis) => {
    const length = typeof d === 'string' ? lengths.get(d) : d;
    if (length !== undefined) return length;
    if (whole) return whole[axis]!;
    if (axis === 0 && batch !== undefined) return batch;
    const which = d === undefined ? '' : ` (${quoteText(String(d))})`;
    issues.push({ path: `inputs/${name}/${axis}`, message: `axis ${axis}${which} of input ${quoteText(name)}` });
    return 1;
  });
  return { name, type, shape: bound };
}

function bindWhole(input: FileValue, shape: readonly number[], lengths: Map<string, number>): void {
  if (input.shape === undefined) return;
  const contradicts = () => unfit(`input ${quoteText(input.name)} is ${shown(input.shape!)}, not [${shape}]`);
  if (input.shape.length !== shape.length) contradicts();
  input.shape.forEach((d, axis) => {
    const length = shape[axis]!;
    if (typeof d === 'number' && d !== length) contradicts();
    if (typeof d !== 'string') return;
    const known = lengths.get(d);
    if (known !== undefined && known !== length) unfit(`dimension ${quoteText(d)} is both ${known} and ${length}`);
    lengths.set(d, length);
  });
}

function bindBatch(
  inputs: readonly FileValue[],
  { inputs: whole = {} }: DimensionOptions,
  batch: number,
  lengths: Map<string, number>,
): void {
  for (const { name, shape } of inputs) {
    const first = shape?.[0];
    if (typeof first === 'string' && !lengths.has(first)) lengths.set(first, batch);
    if (typeof first === 'number' && first !== batch && !Object.hasOwn(whole, name)) {
      unfit(`input ${quoteText(name)} has a fixed first axis of ${first}, not ${batch}`);
    }
  }
}

function positive(length: number, what: string): number {
  if (Number.isInteger(length) && length >= 1 && length < 2 ** 31) return length;
  return unfit(`${what}: ${length} is no length; a whole number from 1 is`);
}

function unfit(message: string): never {
  throw new DomainError('invalid-request', message);
}

function shown(shape: readonly FileDimension[]): string {
  return `[${shape.map((d) => d ?? '?').join()}]`;
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.slice(0, 10).map(quoteText).join(', ');
}
