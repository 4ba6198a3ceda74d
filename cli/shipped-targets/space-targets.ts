// Targets whose measurements are of search spaces: the devices of HELP's tables, all batch sizes of a device together,
// and this project's fleet.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { readingOf } from '#cli/import/table-profiles.ts';
import { readTable } from '#cli/read-table.ts';
import { anyProfileSchema } from '#core/dataset/read-profile.ts';
import { evenlySpaced } from '#core/predictor/adaptation/checked-adaptation.ts';
import type { BlockCounter } from '#core/predictor/kernels/count-kernels.ts';
import { usualInputSize } from '#core/search-space/network/input-size.ts';
import { searchSpace } from '#core/search-space/registry.ts';
import type { SearchSpaceId } from '#core/search-space/search-space.ts';
import { slug } from '#core/text/slug.ts';
import { type MeasuredNetwork, type MeasuredTarget, mostMeasurements, runtimeInWords } from './measured-target.ts';

const dataFile = (name: string): string => new URL(`../../data/${name}`, import.meta.url).pathname;

/** A column of a table, not yet counted: reading all of its rows is cheap, counting them is not. */
export interface SpaceColumn {
  readonly device: string;
  readonly measured: number;
  /** An even choice of at most so many of its measurements. */
  networks(most: number): MeasuredNetwork[];
}

/** Every column of a shipped table.
 * @throws DomainError `invalid-table` */
export function spaceColumns(file: string, id: SearchSpaceId, counter: BlockCounter): SpaceColumn[] {
  const space = searchSpace(id);
  const table = readTable(dataFile(file), id);
  const options = { inputSize: usualInputSize(space), batchSize: 1 };
  return table.targets.map((column) => {
    const { device, batchSize: batch } = readingOf(column);
    const rows = [...column.latencyMs.keys()].filter((row) => !Number.isNaN(column.latencyMs[row]));
    return {
      device,
      measured: rows.length,
      networks: (most) =>
        evenlySpaced(rows, most).map((row) => ({
          rows: counter.count(space, table.architectures[row]!, options),
          batch,
          latencyMs: column.latencyMs[row]!,
        })),
    };
  });
}

/** An even choice over columns, which share what a target may have. */
export function fromColumns(columns: readonly SpaceColumn[], most = mostMeasurements): MeasuredNetwork[] {
  return columns.flatMap((column, i) => {
    const [first, next] = [i, i + 1].map((k) => Math.floor((k * most) / columns.length)) as [number, number];
    return column.networks(next - first);
  });
}

/** HELP's names of devices, and what they stand for. */
const helpDevices: Readonly<Record<string, string>> = {
  '1080ti': 'NVIDIA GeForce GTX 1080 Ti',
  '2080ti': 'NVIDIA GeForce RTX 2080 Ti',
  essential_ph_1: 'Essential PH-1 (phone)',
  gold_6240: 'Intel Xeon Gold 6240',
  pixel3: 'Google Pixel 3 (phone)',
  samsung_a50: 'Samsung Galaxy A50 (phone)',
  samsung_s7: 'Samsung Galaxy S7 (phone)',
  silver_4114: 'Intel Xeon Silver 4114',
  silver_4210r: 'Intel Xeon Silver 4210R',
  titan_rtx: 'NVIDIA Titan RTX',
  titanx: 'NVIDIA Titan X',
  titanxp: 'NVIDIA Titan Xp',
};
const sameDevice: Readonly<Record<string, string>> = { titan_xp: 'titanxp' };
const usualDevices = new Set(['pixel3', 'samsung_s7', 'silver_4210r', '1080ti', 'titan_rtx']);

/** The id under which a device that HELP's tables name is a shipped target. */
export const shippedIdOf = (device: string): string => slug(sameDevice[device] ?? device);

/** One target a device of HELP's three tables.
 * @throws DomainError `invalid-table` */
export function helpTargets(counter: BlockCounter): MeasuredTarget[] {
  const columns = (['nasbench201', 'fbnet', 'ofa'] as const).flatMap((id) =>
    spaceColumns(`latency-${id}.csv.gz`, id, counter),
  );
  const devices = Map.groupBy(columns, ({ device }) => sameDevice[device] ?? device);
  return Array.from(devices, ([device, own]) => {
    const title = helpDevices[device] ?? device;
    return {
      description: {
        id: slug(device),
        title,
        hardware: title,
        runtime: null,
        source: 'HELP (Lee et al., arXiv 2106.08630), its tables of NAS-Bench-201, FBNet and Once-for-All',
        licence: 'MIT',
        usual: usualDevices.has(device),
      },
      networks: fromColumns(own),
      available: own.reduce((sum, { measured }) => sum + measured, 0),
    };
  });
}

/** Its two halves disagree: data/fleet/README.md. */
const leftOutOfFleet = ['onnxruntime-basic-t2'];

/** One target a setting of the fleet, which is one machine.
 * @throws DomainError `invalid-table` */
export function fleetTargets(counter: BlockCounter): MeasuredTarget[] {
  return spaceColumns('latency-nasbench201-fleet.csv.gz', 'nasbench201', counter)
    .filter(({ device }) => !leftOutOfFleet.includes(device))
    .map((column) => {
      const bytes = gunzipSync(readFileSync(dataFile(`fleet/${column.device}.json.gz`)));
      const { hardware, runtime } = anyProfileSchema.parse(JSON.parse(bytes.toString('utf8'))).target;
      return {
        description: {
          id: slug(`xeon-${column.device}`),
          title: `Intel Xeon, 2 cores, ${column.device}`,
          hardware: `${hardware.model}, ${hardware.cores} cores`,
          runtime: runtimeInWords(runtime),
          source: 'measured for this project with its agent (data/fleet/README.md)',
          licence: 'Apache-2.0',
          usual: false,
        },
        networks: column.networks(mostMeasurements),
        available: column.measured,
      };
    });
}
