// How well lowerings imitate ONNX Runtime: for how many networks all nodes are the same, and what share of the nodes.
import { lowerToGraph } from '#core/graph/lower.ts';
import type { OperatorGraph } from '#core/graph/operator-graph.ts';
import { factsLine, factsOf } from './facts.ts';
import { type KernelTruth, linesOf } from './fixture.ts';
import type { Level } from './job.ts';
import type { TruthSet } from './networks.ts';

export interface TruthAgreement {
  readonly set: TruthSet;
  readonly level: Level;
  readonly networks: number;
  /** Networks whose nodes are all the same. */
  readonly equal: number;
  /** The larger of the two numbers of nodes, summed over networks. */
  readonly kernels: number;
  readonly matched: number;
  /** Lines by how often the runtime has more of them (above 0) or fewer (below). */
  readonly differences: ReadonlyMap<string, number>;
}

/** @param graphs by set and name, with a space between them */
export function agreementOf(
  truth: KernelTruth,
  graphs: ReadonlyMap<string, OperatorGraph>,
  set: TruthSet,
  level: Level,
): TruthAgreement {
  const at = truth.levels.indexOf(level);
  const differences = new Map<string, number>();
  let [networks, equal, kernels, matched] = [0, 0, 0, 0];
  for (const entry of truth.networks) {
    if (entry.set !== set) continue;
    const left = linesOf(truth, entry.counts[at]!);
    let theirs = 0;
    for (const count of left.values()) theirs += count;
    const { nodes } = lowerToGraph(graphs.get(`${set} ${entry.name}`)!, `onnxruntime-${level}`);
    for (const node of nodes) {
      const line = factsLine(factsOf(node, truth.block));
      left.set(line, (left.get(line) ?? 0) - 1);
    }
    let missing = 0;
    let same = true;
    for (const [line, count] of left) {
      if (count === 0) continue;
      same = false;
      if (count > 0) missing += count;
      differences.set(line, (differences.get(line) ?? 0) + count);
    }
    networks++;
    if (same) equal++;
    kernels += Math.max(theirs, nodes.length);
    matched += theirs - missing;
  }
  return { set, level, networks, equal, kernels, matched, differences };
}

/** A line a set and level, such as `all zoo networks 425/429 = 99.07 %, kernels …`, and under it what differs most. */
export function agreementTable(rows: readonly TruthAgreement[], { differences = 0 } = {}): string {
  const share = (part: number, whole: number): string => `${part}/${whole} = ${((100 * part) / whole).toFixed(2)} %`;
  return rows
    .flatMap((row) => [
      `${row.level} ${row.set}: networks ${share(row.equal, row.networks)}, kernels ${share(row.matched, row.kernels)}`,
      ...[...row.differences]
        .sort(([, a], [, b]) => Math.abs(b) - Math.abs(a))
        .slice(0, differences)
        .map(([line, count]) => `  ${count > 0 ? `missing ${count}` : `too many ${-count}`}: ${line}`),
    ])
    .join('\n');
}
