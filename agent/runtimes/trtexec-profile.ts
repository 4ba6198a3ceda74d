// Reads what NVIDIA's trtexec writes with --exportProfile: how long each layer of an engine took. Total. Source:
// TensorRT, samples/common/sampleReporting.cpp; names of layers are not escaped, so that it need not be JSON.
import type { TimedKernel } from '#core/dataset/kernel-times/kernel-times.ts';
import { wordOfKernel } from '#core/dataset/kernel-times/kernel-word.ts';
import type { Kernel } from '#core/graph/kernel.ts';
import { eachLaunch, lowerToGraph } from '#core/graph/lower.ts';
import type { OperatorGraph } from '#core/graph/operator-graph.ts';

export interface TrtexecProfile {
  readonly runs: number | null;
  /** In the order in which they are run; µs, or any other unit. */
  readonly layers: readonly { readonly name: string; readonly time: number }[];
}

/** @returns undefined where the text is no such file */
export function parseTrtexecProfile(text: string): TrtexecProfile | undefined {
  const layers = text.split(/\r?\n/).flatMap((line) => {
    const [, name, rest] = /"name"\s*:\s*"(.*)",\s*("timeMs".*)/.exec(line) ?? [];
    if (name === undefined) return [];
    const time = fieldOf(rest!, 'medianMs') ?? fieldOf(rest!, 'averageMs');
    return time === undefined ? [] : [{ name, time }];
  });
  if (layers.length === 0) return undefined;
  const runs = Number(/"count"\s*:\s*(\d+)/.exec(text)?.[1] ?? 0);
  return { runs: runs > 0 ? runs : null, layers };
}

/** What is read, for messages. */
export const expectedTrtexecProfile = 'a file of --exportProfile, a line with name and timeMs for each layer';

function fieldOf(text: string, name: string): number | undefined {
  const value = Number(new RegExp(`"${name}"\\s*:\\s*([\\d.e+-]+)`).exec(text)?.[1] ?? Number.NaN);
  return value >= 0 && Number.isFinite(value) ? value : undefined;
}

/** Layers as kernels: a layer is called after the nodes of the model that it stands for (`Conv_0 + PWN(Clip_3)`), and
 * is what the one of them is that computes most. One that a compiler made of a whole region is `other`.
 * @param graph the model that the engine was built from */
export function timedLayers({ layers }: TrtexecProfile, graph: OperatorGraph): TimedKernel[] {
  const kernels = kernelsByName(graph);
  return layers.map(({ name, time }) => ({ word: layerWord(name, kernels), time }));
}

function layerWord(name: string, kernels: ReadonlyMap<string, Kernel>): string {
  if (/^(Reformatting|Reformatted|copy\b)/i.test(name)) return 'reorder';
  if (/ForeignNode|__my[el]/.test(name)) return 'other';
  const own = name.split(/ \+ |[(),[\]]| \|\| /).flatMap((part) => kernels.get(part.trim()) ?? []);
  if (own.length === 0) return 'other';
  return wordOfKernel(own.reduce((most, kernel) => (kernel.macs > most.macs ? kernel : most)));
}

/** What each node with a name is when nothing is fused. */
function kernelsByName(graph: OperatorGraph): Map<string, Kernel> {
  const launches = eachLaunch(lowerToGraph(graph, 'onnxruntime-disabled'), 'onnxruntime-disabled');
  return new Map(
    launches.flatMap(({ kernel, nodes }) =>
      nodes.flatMap((node) => {
        const { name } = graph.nodes[node]!;
        return name === undefined ? [] : [[name, kernel] as const];
      }),
    ),
  );
}
