// Operator graph → the kernels that a kind of runtime launches for it.
import type { Kernel, KernelCount } from './kernel.ts';
import { kernelOf } from './kernel-of.ts';
import { type Lowering, type LoweringId, lowerings } from './lowerings.ts';
import type { OperatorGraph } from './operator-graph.ts';
import { runSteps } from './steps.ts';
import { WorkingGraph } from './working-graph.ts';

const byId = new Map<string, Lowering>(lowerings.map((lowering) => [lowering.id, lowering]));

/** @returns equal kernels counted together, in the order in which the first of each is launched */
export function lower(graph: OperatorGraph, lowering: LoweringId | Lowering): KernelCount[] {
  return launchesOf(lowerToGraph(graph, lowering), lowering);
}

/** The graph as it stands after a lowering's passes, before its nodes become kernels. */
export function lowerToGraph(graph: OperatorGraph, lowering: LoweringId | Lowering): WorkingGraph {
  const working = new WorkingGraph(graph);
  runSteps(working, loweringOf(lowering).steps);
  return working;
}

const loweringOf = (lowering: LoweringId | Lowering): Lowering =>
  typeof lowering === 'string' ? byId.get(lowering)! : lowering;

/** One kernel that is launched once, and where in the network. */
export type Launch = Pick<KernelCount, 'kernel' | 'nodes'>;

/** Every launch of a graph that `lowerToGraph` gave for the same lowering, in order; `nodes` are those of the operator
 * graph that it stands for, none where a pass put it in. */
export function eachLaunch(graph: WorkingGraph, lowering: LoweringId | Lowering): Launch[] {
  const free = new Set(loweringOf(lowering).free);
  return graph.nodes
    .filter(({ operator }) => !free.has(operator))
    .map((node) => ({ kernel: kernelOf(node), nodes: node.sources }));
}

/** The kernels of a graph that `lowerToGraph` gave for the same lowering, equal ones counted together. */
export function launchesOf(graph: WorkingGraph, lowering: LoweringId | Lowering): KernelCount[] {
  const counts = new Map<string, { kernel: Kernel; count: number; nodes: readonly number[] }>();
  for (const { kernel, nodes } of eachLaunch(graph, lowering)) {
    const key = kernelKey(kernel);
    const known = counts.get(key);
    if (known) known.count++;
    else counts.set(key, { kernel, count: 1, nodes });
  }
  return [...counts.values()];
}

/** Equal for equal kernels. */
export function kernelKey(k: Kernel): string {
  return (
    `${k.operator}|${k.kind}|${k.type}|${k.batch}|${k.inputChannels}|${k.outputChannels}|${k.inputPositions}|` +
    `${k.outputPositions}|${k.window[0]}|${k.window[1]}|${k.stride}|${k.dilation}|${k.groups}|${k.macs}|` +
    `${k.weightBytes}|${k.inputBytes}|${k.outputBytes}|${k.activation ?? ''}|${k.addends}|${k.blocked}`
  );
}
