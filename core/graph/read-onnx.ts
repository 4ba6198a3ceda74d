// Reads an ONNX file into an operator graph. Weights are skipped, never read: a file of many gigabytes costs a few
// reads of what lies between them. What the file format holds stands in onnx-file/.
import { DomainError } from '#core/errors.ts';
import { quoteText } from '#core/text/quote-text.ts';
import { completeGraph } from './complete-graph.ts';
import { bindDimensions, type DimensionOptions } from './onnx-file/bind-dimensions.ts';
import type { ByteSource } from './onnx-file/byte-source.ts';
import { inlineFunctions } from './onnx-file/inline-functions.ts';
import { limits } from './onnx-file/limits.ts';
import { readModel } from './onnx-file/read-model.ts';
import { sourceGraphOf } from './onnx-file/source-graph-of.ts';
import { WireCursor } from './onnx-file/wire-cursor.ts';
import type { OperatorGraph } from './operator-graph.ts';
import type { SourceConstant } from './source-graph.ts';

export interface OnnxOptions extends DimensionOptions {
  /** Name of the graph; the file's own where it is not given. */
  readonly name?: string;
  /** Refuse a file that states tensors without their values: it can be read, and not run. */
  readonly toRun?: boolean;
}

/** Opsets of the standard domain whose operators are known. */
const opsets = { least: 7, most: 23 } as const;

/** The operator graph of an ONNX file: functions inlined, branches of known conditions taken, dimensions bound, shapes
 * inferred, chains that compute shapes folded. External data is never opened; tensors stored there have no values.
 * @throws DomainError `invalid-model` (no ONNX model, one that contradicts itself, or,
 * with `toRun`, one without its weights), `unsupported-model` (control
 * flow, shapes that depend on data, unknown operators, opsets outside 7 to 23, sizes over the limits),
 * `unbound-dimension` (an issue a dimension to bind), `invalid-request` (an option that does not fit the model) */
export async function readOnnx(source: ByteSource, options: OnnxOptions = {}): Promise<OperatorGraph> {
  const cursor = new WireCursor(source, limits);
  const model = await cursor.run(readModel(cursor));
  const opset = model.opset;
  if (opset === undefined || opset < opsets.least || opset > opsets.most) {
    const has = opset === undefined ? 'no opset' : `opset ${opset}`;
    throw new DomainError('unsupported-model', `the model has ${has}; known are ${opsets.least} to ${opsets.most}`);
  }
  const graph = inlineFunctions(model);
  if (graph.outputs.length === 0) throw new DomainError('invalid-model', 'the model has no outputs');
  if (options.toRun) requireValues(graph.constants);
  // Up to IR version 3 constants had to be listed as inputs too; later it makes them defaults.
  const constants = new Set(graph.constants.map((c) => c.name));
  const bound = bindDimensions(
    graph.inputs.filter((i) => !constants.has(i.name)),
    options,
  );
  const complete = completeGraph(sourceGraphOf(graph, bound), opset);
  return options.name === undefined ? complete : { ...complete, name: options.name };
}

function requireValues(constants: readonly SourceConstant[]): void {
  const missing = constants.filter((constant) => constant.missing);
  if (missing.length === 0) return;
  const which = `${missing.length} of its ${constants.length} tensors, such as ${quoteText(missing[0]!.name)}`;
  const message = `the file states ${which}, without their values: it can be predicted, not run; export it with its weights`;
  throw new DomainError('invalid-model', message);
}
