// What the shipped predictor learns from: the first rows of the shipped latency tables, of the fleet's, which is
// measured on rows of the first, and of the edge targets'.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { readTable } from '#cli/read-table.ts';
import { anyProfileSchema } from '#core/dataset/read-profile.ts';
import type { LatencyTable } from '#core/dataset/table.ts';
import { targetId } from '#core/dataset/target-id.ts';
import { usualInputSize } from '#core/search-space/network/input-size.ts';
import { searchSpace, searchSpaces } from '#core/search-space/registry.ts';
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

/** Rows of each table: the rest is for evaluation. */
const rows = poolLimits.architectures;

/** @param fleet whether the measured fleet is among it */
export function shippedPool({ fleet: isWithFleet } = { fleet: true }): TrainingPool {
  const spaces = searchSpaces.filter(({ shippedTable }) => shippedTable !== null).map(({ id }) => id);
  const tables = spaces.map((id) => readTable(dataFile(`latency-${id}.csv.gz`), id));
  const fleet = readTable(dataFile('latency-nasbench201-fleet.csv.gz'), 'nasbench201');
  const edge = readTable(dataFile('latency-nasbench201-edge.csv.gz'), 'nasbench201');
  const sets = tables.map((table) => {
    const set = setOf(table);
    return isWithFleet && table.searchSpace === fleet.searchSpace ? withFleet(set, table, fleet) : set;
  });
  // Its cells are not those of the others.
  const edgeSet = setOf(edge);
  sets.push({ ...edgeSet, id: `${edgeSet.id}-edge` });
  return { sets: sets.sort((a, b) => (a.id < b.id ? -1 : 1)) };
}

function setOf(table: LatencyTable): PoolSet {
  const space = searchSpace(table.searchSpace);
  const inputSize = usualInputSize(space);
  const architectures = table.architectures.slice(0, rows);
  return {
    id: setIdOf({ searchSpace: table.searchSpace, inputSize }),
    space,
    inputSize,
    architectures,
    trained: architectures.length,
    columns: table.targets.map((column) => {
      const { device, batchSize } = readingOf(column);
      const target = targetId(targetOfColumn(device));
      return { target, hardwareKey: target, batchSize, latencyMs: column.latencyMs.slice(0, rows) };
    }),
  };
}

function withFleet(set: PoolSet, table: LatencyTable, fleet: LatencyTable): PoolSet {
  const rowOf = new Map(fleet.texts.map((text, row) => [text, row]));
  const columns = fleet.targets
    .filter(({ id }) => !leftOutOfFleet.includes(id))
    .map(({ id, latencyMs }): PoolColumn => {
      const target = fleetTargetId(id);
      const own = Float64Array.from(set.architectures, (_, row) => {
        const at = rowOf.get(table.texts[row]!);
        return at === undefined ? Number.NaN : latencyMs[at]!;
      });
      return { target, hardwareKey: target, batchSize: 1, latencyMs: own };
    });
  return { ...set, columns: [...set.columns, ...columns] };
}

/** The fleet's profile says what a column was measured on. */
function fleetTargetId(column: string): string {
  const bytes = gunzipSync(readFileSync(dataFile(`fleet/${column}.json.gz`)));
  return targetId(anyProfileSchema.parse(JSON.parse(bytes.toString('utf8'))).target);
}
