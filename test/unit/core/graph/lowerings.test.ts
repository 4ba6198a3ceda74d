// Lowerings that imitate ONNX Runtime, against the graphs that it optimised itself (scripts/make-kernel-truth.ts).
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { lowerToGraph } from '#core/graph/lower.ts';
import { lowerings } from '#core/graph/lowerings.ts';
import type { OperatorGraph } from '#core/graph/operator-graph.ts';
import { agreementOf, agreementTable, type TruthAgreement } from '#scripts/kernel-truth/agreement.ts';
import { kernelTruth, linesOf } from '#scripts/kernel-truth/fixture.ts';
import { type TruthSet, truthNetworks, truthSets } from '#scripts/kernel-truth/networks.ts';

const file = fileURLToPath(new URL('../../../fixtures/kernel-truth/onnxruntime.json.gz', import.meta.url));
const truth = kernelTruth.parse(JSON.parse(gunzipSync(readFileSync(file)).toString()));
const graphs = new Map<string, OperatorGraph>();
for (const { set, graph } of truthNetworks()) graphs.set(`${set} ${graph.name}`, graph);

/** Shares that are held; what is asked for is .99 of the cells and .97 of the zoo's kernels.
 * @throws what differs, most frequent first */
function check(agreement: TruthAgreement): void {
  const { networks, equal, kernels, matched } = agreement;
  if (equal === networks && matched === kernels) return;
  throw new Error(agreementTable([agreement], { differences: 40 }));
}

describe('lowerings of ONNX Runtime', () => {
  it('have truth for every network', () => {
    const networks = truthSets.map((set) => truth.networks.filter((n) => n.set === set).length);
    expect(truth.refused).toEqual([]);
    expect(networks).toEqual([200, 50, 50, 429]);
    expect(truth.block).toBe(16);
  });

  const cases = truth.levels.flatMap((level) => truthSets.map((set) => [level, set] as const));
  it.each(cases)('%s: the same nodes for %s', { timeout: 180_000 }, (level, set: TruthSet) => {
    const agreement = agreementOf(truth, graphs, set, level);
    check(agreement);
  });

  it('count what differs: a level is not equal to another', () => {
    const entry = truth.networks[0]!;
    const graph = graphs.get(`${entry.set} ${entry.name}`)!;
    const basic = linesOf(truth, entry.counts[truth.levels.indexOf('basic')]!);
    const nodes = [...basic.values()].reduce((sum, count) => sum + count, 0);
    expect(lowerToGraph(graph, 'onnxruntime-basic').nodes).toHaveLength(nodes);
    expect(lowerToGraph(graph, 'onnxruntime-extended').nodes).not.toHaveLength(nodes);
  });
});

it('docs/kernel-graph.md names every lowering, and no other', () => {
  const text = readFileSync(new URL('../../../../docs/kernel-graph.md', import.meta.url), 'utf8');
  const table = text.slice(text.indexOf('## The lowerings'), text.indexOf('A new runtime is'));
  const named = Array.from(table.matchAll(/^\| (`[^|]+) \|/gm), ([, ids]) => ids!.split(', ')).flat();
  expect(named.map((id) => id.replaceAll('`', ''))).toEqual(lowerings.map(({ id }) => id));
});
