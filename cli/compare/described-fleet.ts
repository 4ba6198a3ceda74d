// The measured fleet as a comparison takes it: latencies and descriptors, and the public table beside it, whose targets
// have no descriptors.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { readTable } from '#cli/read-table.ts';
import { leftOutOfFleet } from '#cli/train/shipped-pool.ts';
import { joinTables } from '#core/dataset/join-tables.ts';
import { anyProfileSchema } from '#core/dataset/read-profile.ts';
import type { LatencyTable } from '#core/dataset/table.ts';
import type { TargetWithDescriptor } from '#core/predictor/maple-edge.ts';
import type { Architecture } from '#core/search-space/search-space.ts';

export interface FleetColumn extends TargetWithDescriptor {
  readonly id: string;
  /** As `onnxruntime`. */
  readonly program: string;
  /** The program with what it does to a graph: `onnxruntime all`. Threads are not told apart. */
  readonly runtime: string;
}

export interface DescribedFleet {
  readonly architectures: readonly Architecture[];
  readonly targets: readonly FleetColumn[];
  /** Rows from which measurements are drawn and pools learn: the first two thirds. */
  readonly supportRows: readonly number[];
  /** The last third, which nobody learns from on any target. */
  readonly testRows: readonly number[];
  /** The public table joined with the fleet's, and its rows that are none of the tested networks'. */
  readonly joined: LatencyTable;
  readonly joinedRows: readonly number[];
}

const dataFile = (name: string): string => new URL(`../../data/${name}`, import.meta.url).pathname;

/** @param shippedRows how many of the public table's first rows are learned from */
export function describedFleet(shippedRows: number): DescribedFleet {
  const fleet = readTable(dataFile('latency-nasbench201-fleet.csv.gz'), 'nasbench201');
  const joined = joinTables([readTable(dataFile('latency-nasbench201.csv.gz'), 'nasbench201'), fleet]);
  const rows = [...fleet.architectures.keys()];
  const split = Math.floor((rows.length * 2) / 3);
  const supports = new Set(fleet.texts.slice(0, split));
  const tested = new Set(fleet.texts.slice(split));
  return {
    architectures: fleet.architectures,
    targets: fleet.targets
      .filter(({ id }) => !leftOutOfFleet.includes(id))
      .map(({ id, latencyMs }) => ({ id, latencyMs, ...describedBy(id) })),
    supportRows: rows.slice(0, split),
    testRows: rows.slice(split),
    joined,
    joinedRows: [...joined.texts.keys()].filter((row) => {
      const text = joined.texts[row]!;
      return !tested.has(text) && (row < shippedRows || supports.has(text));
    }),
  };
}

/** What a column's own profile says. */
function describedBy(column: string): Pick<FleetColumn, 'program' | 'runtime' | 'descriptor'> {
  const bytes = gunzipSync(readFileSync(dataFile(`fleet/${column}.json.gz`)));
  const { target, descriptor } = anyProfileSchema.parse(JSON.parse(bytes.toString('utf8')));
  const program = target.runtime.name ?? 'unknown';
  return { program, runtime: `${program} ${target.runtime.settings['graphOptimization'] ?? ''}`.trim(), descriptor };
}
