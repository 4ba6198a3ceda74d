// Reads the profile that ONNX Runtime writes of its runs: events in µs, a run's kernels and then its `model_run`.
// Total. Source: onnxruntime/core/common/profiler.cc and core/framework/sequential_executor.cc.
import * as z from 'zod';
import type { TimedKernel } from '#core/dataset/kernel-times/kernel-times.ts';
import { writeKernelWord } from '#core/dataset/kernel-times/kernel-word.ts';
import { kindNamed } from '#core/graph/kernel-of.ts';
import { jsonOrUndefined } from '../json-or-undefined.ts';

// Not strict: versions add keys. Shapes stand under the type of each tensor: [{"float": [1, 16, 32, 32]}, …].
const eventSchema = z.object({
  cat: z.string(),
  name: z.string(),
  dur: z.number().nonnegative(),
  args: z.object({
    op_name: z.string().optional(),
    node_index: z.string().optional(),
    input_type_shape: z.array(z.record(z.string(), z.array(z.number()))).optional(),
  }),
});
type Event = z.infer<typeof eventSchema>;

/** The kernels of a run in order, each with its time in µs: the mean of the middle half of its times in the last runs.
 * A median would be a whole number of µs, and half a µs is added because the profiler cuts what is beyond one.
 * @param runs how many of the last runs count: the first are slower
 * @returns undefined where the text is no such profile */
export function parseOnnxProfile(text: string, runs: number): TimedKernel[] | undefined {
  const parsed = z.array(eventSchema).safeParse(jsonOrUndefined(text));
  if (!parsed.success) return undefined;
  const counted = inRuns(parsed.data).slice(-runs);
  const last = counted.at(-1);
  if (last === undefined || last.length === 0) return undefined;
  const places = last.map(({ args }) => args.node_index);
  // With several threads kernels could be told in another order.
  const alike = counted.filter((run) => run.length === last.length && run.every((e, i) => isAt(e, places[i])));
  return last.map((event, i) => ({
    word: wordOf(event.args.op_name ?? '', shapesOf(event)),
    time: middleMean(alike.map((run) => run[i]!.dur)) + 0.5,
  }));
}

const isAt = ({ args }: Event, place: string | undefined): boolean => args.node_index === place;

function inRuns(events: readonly Event[]): Event[][] {
  const runs: Event[][] = [];
  let current: Event[] = [];
  for (const event of events) {
    if (event.cat === 'Node' && /_kernel_time$/.test(event.name)) current.push(event);
    if (event.cat !== 'Session' || event.name !== 'model_run') continue;
    runs.push(current);
    current = [];
  }
  return runs;
}

function middleMean(values: readonly number[]): number {
  const quarter = Math.floor(values.length / 4);
  const middle = values.toSorted((a, b) => a - b).slice(quarter, values.length - quarter);
  return middle.reduce((sum, value) => sum + value, 0) / middle.length;
}

const shapesOf = ({ args }: Event): number[][] =>
  (args.input_type_shape ?? []).flatMap((tensor) => Object.values(tensor).slice(0, 1));

const convolutions = new Set(['Conv', 'FusedConv', 'NhwcFusedConv', 'ConvInteger', 'QLinearConv']);
const fixedProducts = new Set(['Gemm', 'FusedGemm', 'QGemm', 'DynamicQuantizeMatMul', 'MatMulNBits']);
const products = new Set(['MatMul', 'FusedMatMul', 'MatMulInteger', 'MatMulIntegerToFloat', 'QLinearMatMul']);
const attentions = new Set(['Attention', 'MultiHeadAttention']);

/** @param shapes of the inputs; weights that the runtime packed are not among them */
function wordOf(operator: string, shapes: readonly (readonly number[])[]): string {
  if (convolutions.has(operator)) return convolutionWord(shapes);
  if (operator === 'ConvTranspose') return 'transposed-convolution';
  if (fixedProducts.has(operator)) return 'fully-connected';
  if (products.has(operator)) {
    const matrices = shapes.filter((shape) => shape.length >= 2);
    return matrices.length > 1 && matrices[1]!.length > 2 ? 'batched-product' : 'fully-connected';
  }
  if (operator === 'Einsum') return 'batched-product';
  return attentions.has(operator) ? 'attention' : kindNamed(operator);
}

function convolutionWord([input, ...others]: readonly (readonly number[])[]): string {
  const weight = others.find((shape) => shape.length >= 3);
  if (input === undefined || weight === undefined) return 'convolution';
  const [, perGroup, ...sides] = weight;
  const window = [sides.slice(0, -1).reduce((product, side) => product * side, 1), sides.at(-1)!] as const;
  const isGrouped = perGroup! < input[1]!;
  const kind = !isGrouped ? 'convolution' : perGroup === 1 ? 'depthwise-convolution' : 'grouped-convolution';
  return writeKernelWord({ kind, window });
}
