// What the shipped predictor learns from: the first rows of the shipped latency tables, of the fleet's, which is
// measured on rows of the first, and of the edge targets'.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { readTable } from '#cli/read-table.ts';
import type { ProfileTarget } from '#core/dataset/profile-target.ts';
import { anyProfileSchema } from '#core/dataset/read-profile.ts';
import type { LatencyTable } from '#core/dataset/table.ts';
import { targetId } from '#core/dataset/target-id.ts';
import { usualInputSize } from '#core/search-space/network/input-size.ts';
import { searchSpace, searchSpaces } from '#core/search-space/registry.ts';
import { hardwareKeyOf } from '#core/training/snapshot/hardware-key.ts';
import {
  type PoolColumn,
  type PoolSet,
  poolLimits,
  setIdOf,
  type TrainingPool,
} from '#core/training/snapshot/training-pool.ts';
import { readingOf, targetOfColumn } from '../import/table-profiles.ts';

const dataFile = (name: string): string => new URL(`../../data/${name}`, import.meta.url).pathname;

/** Its two halves disagree: data/fleet/README.md. */
export const leftOutOfFleet = ['onnxruntime-basic-t2'];

/** Rows of each table to learn from: the rest is for evaluation. */
const rows = poolLimits.architectures;

export interface PoolOptions {
  /** Whether the measured fleet is among it. */
  readonly fleet?: boolean;
  /** Whether rows to evaluate on are, behind those to learn from. */
  readonly tested?: boolean;
}

/** Latencies in ms by architecture and target; the same hardware has one key in all tables. */
export function shippedPool({ fleet: isWithFleet = true, tested = false }: PoolOptions = {}): TrainingPool {
  const spaces = searchSpaces.filter(({ shippedTable }) => shippedTable !== null).map(({ id }) => id);
  const tables = spaces.map((id) => readTable(dataFile(`latency-${id}.csv.gz`), id));
  const fleet = readTable(dataFile('latency-nasbench201-fleet.csv.gz'), 'nasbench201');
  const edge = readTable(dataFile('latency-nasbench201-edge.csv.gz'), 'nasbench201');
  const sets = tables.map((table) => {
    const set = setOf(table, tested);
    return isWithFleet && table.searchSpace === fleet.searchSpace ? withFleet(set, table, fleet) : set;
  });
  // Its cells are not those of the others.
  const edgeSet = setOf(edge, tested);
  sets.push({ ...edgeSet, id: `${edgeSet.id}-edge` });
  return { sets: sets.sort((a, b) => (a.id < b.id ? -1 : 1)) };
}

function setOf(table: LatencyTable, tested: boolean): PoolSet {
  const space = searchSpace(table.searchSpace);
  const inputSize = usualInputSize(space);
  const end = rows + (tested ? poolLimits.testArchitectures : 0);
  const architectures = table.architectures.slice(0, end);
  return {
    id: setIdOf({ searchSpace: table.searchSpace, inputSize }),
    space,
    inputSize,
    architectures,
    trained: Math.min(rows, architectures.length),
    columns: table.targets.map((column) => {
      const { device, batchSize } = readingOf(column);
      const target = targetOfColumn(device);
      return { ...namesOf(target), batchSize, latencyMs: column.latencyMs.slice(0, end) };
    }),
  };
}

function withFleet(set: PoolSet, table: LatencyTable, fleet: LatencyTable): PoolSet {
  const rowOf = new Map(fleet.texts.map((text, row) => [text, row]));
  const columns = fleet.targets
    .filter(({ id }) => !leftOutOfFleet.includes(id))
    .map(({ id, latencyMs }): PoolColumn => {
      const own = Float64Array.from(set.architectures, (_, row) => {
        const at = rowOf.get(table.texts[row]!);
        return at === undefined ? Number.NaN : latencyMs[at]!;
      });
      return { ...namesOf(fleetTarget(id)), batchSize: 1, latencyMs: own };
    });
  return { ...set, columns: [...set.columns, ...columns] };
}

/** The fleet's profile says what a column was measured on. */
function fleetTarget(column: string): ProfileTarget {
  const bytes = gunzipSync(readFileSync(dataFile(`fleet/${column}.json.gz`)));
  return anyProfileSchema.parse(JSON.parse(bytes.toString('utf8'))).target;
}

/** Tables write one GPU with and without a hyphen. */
const namesOf = (target: ProfileTarget): Pick<PoolColumn, 'target' | 'hardwareKey'> => ({
  target: targetId(target),
  hardwareKey: hardwareKeyOf({ target }).replaceAll('-', ''),
});
