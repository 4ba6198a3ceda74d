// Targets whose measurements are of whole networks: ncnn's boards, and nn-Meter's Cortex-A76 and Adreno 640, which
// measured NAS-Bench-201 cells too.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import type { LoweringId } from '#core/graph/lowerings.ts';
import { evenlySpaced } from '#core/predictor/adaptation/checked-adaptation.ts';
import { type BlockCounter, countGraph } from '#core/predictor/kernels/count-kernels.ts';
import type { CountRow, KernelTable } from '#core/predictor/kernels/kernel-table.ts';
import { slug } from '#core/text/slug.ts';
import { type ListGraph, listGraphSchema } from '#scripts/convert-graphs/list-graph.ts';
import { fromNcnn } from '#scripts/convert-graphs/ncnn.ts';
import { fromNnMeter } from '#scripts/convert-graphs/nnmeter.ts';
import { type MeasuredTarget, mostMeasurements } from './measured-target.ts';
import { fromColumns, spaceColumns } from './space-targets.ts';

const textOf = (name: string): string =>
  gunzipSync(readFileSync(new URL(`../../data/${name}`, import.meta.url))).toString('utf8');

const listsOf = (name: string): ListGraph[] =>
  textOf(name)
    .trimEnd()
    .split('\n')
    .map((line) => listGraphSchema.parse(JSON.parse(line)));

const nnMeterTargets: Readonly<Record<string, { id: string; title: string; hardware: string; runtime: string }>> = {
  cortexA76_tflite21: {
    id: 'cortex-a76-tflite',
    title: 'Cortex-A76 (Pixel 4), TFLite',
    hardware: 'Google Pixel 4, one Cortex-A76 core',
    runtime: 'TFLite 2.1, CPU',
  },
  adreno640_tflite21: {
    id: 'adreno-640-tflite',
    title: 'Adreno 640, TFLite GPU',
    hardware: 'Adreno 640',
    runtime: 'TFLite 2.1, GPU delegate',
  },
};

/** Half of what each is adapted from are cells, half are networks of twelve families.
 * @throws DomainError `invalid-table` */
export function tfliteTargets(
  table: KernelTable,
  lowerings: readonly LoweringId[],
  counter: BlockCounter,
): MeasuredTarget[] {
  const cells = spaceColumns('latency-nasbench201-edge.csv.gz', 'nasbench201', counter);
  const lists = listsOf('nnmeter/graphs.jsonl.gz');
  return Object.entries(nnMeterTargets).map(([column, told]) => {
    const own = cells.filter(({ device }) => device === column);
    const graphs = lists.filter(({ ms }) => typeof ms?.[column] === 'number');
    const chosen = evenlySpaced(graphs, mostMeasurements / 2).map((list) => ({
      rows: countGraph(table, fromNnMeter(list).graph, lowerings),
      batch: 1,
      latencyMs: list.ms![column]!,
    }));
    return {
      description: {
        ...told,
        source: 'microsoft/nn-Meter: twelve CNN families at 224 x 224, and NAS-Bench-201 cells',
        licence: 'Open Use of Data Agreement 1.0',
        usual: true,
      },
      networks: [...fromColumns(own, mostMeasurements / 2), ...chosen],
      available: graphs.length + own.reduce((sum, { measured }) => sum + measured, 0),
    };
  });
}

interface NcnnRow {
  readonly device: string;
  readonly run: string;
  readonly threads: string;
  readonly powersave: string;
  readonly gpu_device: string;
  readonly model: string;
  readonly avg_ms: string;
}

const fewestNetworks = 20;
/** ncnn's `powersave`: which cores it binds its threads to. */
const cores: Readonly<Record<string, { title: string; slug: string }>> = {
  0: { title: '', slug: '' },
  1: { title: ' little cores', slug: '-little' },
  2: { title: ' big cores', slug: '-big' },
};
/** Boards that people ask for; the setting of each that is shown where none is asked for. */
const usualSettings = [
  /^nvidia-jetson-agx-orin-.*-cpu-t4$/,
  /^nvidia-jetson-orin-nano-ncnn-(vulkan-t1|cpu-t6)$/,
  /^nvidia-jetson-nano-ncnn-(vulkan-t1|cpu-t4)$/,
  /^rockchip-rk3588-ncnn-cpu-t4-big$/,
  /^station-p2-.*-cpu-t4$/,
  /^rockchip-rk3288-.*-cpu-t4$/,
  /^nanopi-r2s-.*-cpu-t4$/,
  /^amlogic-s805-/,
  /^visionfive2-.*-cpu-t4$/,
  /^loongson-3a6000-/,
  /^arduino-uno-q-.*-cpu-t4$/,
  /^qualcomm-snapdragon-8-gen-2-.*-cpu-t4-big$/,
  /^intel-celeron-n5105-ncnn-cpu-t4$/,
];

/** One target a board, number of threads, choice of cores, and CPU or GPU with Vulkan, of which at least 20 networks
 * were measured; of several runs the last. */
export function ncnnTargets(table: KernelTable, lowerings: readonly LoweringId[]): MeasuredTarget[] {
  const counted = new Map<string, readonly CountRow[]>(
    listsOf('ncnn/graphs.jsonl.gz').map((list) => [list.name, countGraph(table, fromNcnn(list).graph, lowerings)]),
  );
  const rows = parse(textOf('ncnn/results.csv.gz'), { columns: true, skip_empty_lines: true }) as NcnnRow[];
  const settings = Map.groupBy(rows, (row) => [row.device, row.threads, row.powersave, row.gpu_device].join('|'));
  const titles = titlesOf(rows.map(({ device }) => device));
  return [...settings.values()].flatMap((runs) => {
    const own = runs.filter(({ run, model }) => run === runs.at(-1)!.run && counted.has(model));
    if (own.length < fewestNetworks) return [];
    const { device, threads, powersave, gpu_device: gpu } = own[0]!;
    const isGpu = gpu !== '-1';
    const number = isGpu && gpu !== '0' ? `-${gpu}` : '';
    const bound = cores[powersave] ?? { title: ` powersave ${powersave}`, slug: `-p${powersave}` };
    const where = isGpu
      ? { title: `Vulkan${number.replace('-', ' ')}`, slug: `vulkan${number}-t${threads}` }
      : { title: `CPU, ${threads} thread${threads === '1' ? '' : 's'}`, slug: `cpu-t${threads}` };
    const title = titles.get(device)!;
    const id = `${slug(title)}-ncnn-${where.slug}${bound.slug}`;
    return {
      description: {
        id,
        title: `${title}, ncnn ${where.title}${bound.title}`,
        hardware: device,
        runtime: `ncnn, ${where.title}${bound.title}`,
        source: 'Tencent/ncnn, benchmark/README.md: results that owners of boards contributed',
        licence: 'BSD-3-Clause',
        usual: usualSettings.some((pattern) => pattern.test(id)),
      },
      networks: own.map(({ model, avg_ms }) => ({ rows: counted.get(model)!, batch: 1, latencyMs: Number(avg_ms) })),
      available: own.length,
    };
  });
}

/** Short names of ncnn's boards: what stands before their cores and clocks, and a number where two would be the
 * same. */
function titlesOf(devices: readonly string[]): Map<string, string> {
  const titles = new Map<string, string>();
  const given = new Set<string>();
  for (const device of new Set(devices)) {
    const short = shortTitle(device);
    let title = short;
    for (let n = 2; given.has(title); n++) title = `${short} #${n}`;
    given.add(title);
    titles.set(device, title);
  }
  return titles;
}

function shortTitle(device: string): string {
  return device
    .replace(/\(R\)|®|™/g, '')
    .replace(/^Qualcomm (?:\w+(?:-\w+)? )?(?:Pro )?Snapdragon/, 'Qualcomm Snapdragon')
    .replace(/^MediaTek (Dimensity \d+).*/, 'MediaTek $1')
    .replace(/^VisionFive2 ,/, 'VisionFive2,')
    .split(/ ?\(|,| of | - |\[/)[0]!
    .trim();
}
