// Writes the example profile of test/fixtures/profiles. Its numbers are made up (no device was measured); its form is
// complete: every field, every kind of missing value, two workloads. The one of version 1 beside it was written by this
// script before there was a second version, and stays as it is. Run: node scripts/build-profile-fixtures.ts
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type Profile, profileSchemaVersion } from '#core/dataset/profile.ts';
import { descriptorOperators } from '#core/descriptor/descriptor-operators.ts';

const folder = fileURLToPath(new URL('../test/fixtures/profiles/', import.meta.url));

const cells: readonly [text: string, medianMs: number][] = [
  ['|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|', 21.42],
  ['|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|', 88.17],
  ['|skip_connect~0|+|none~0|nor_conv_1x1~1|+|none~0|none~1|avg_pool_3x3~2|', 17.03],
  ['|nor_conv_1x1~0|+|nor_conv_1x1~0|none~1|+|nor_conv_3x3~0|skip_connect~1|none~2|', 41.6],
  ['|none~0|+|skip_connect~0|skip_connect~1|+|nor_conv_3x3~0|avg_pool_3x3~1|nor_conv_1x1~2|', 37.9],
  ['|avg_pool_3x3~0|+|avg_pool_3x3~0|nor_conv_3x3~1|+|nor_conv_1x1~0|none~1|nor_conv_3x3~2|', 63.25],
  ['|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|nor_conv_3x3~2|', 15.88],
  ['|skip_connect~0|+|skip_connect~0|skip_connect~1|+|skip_connect~0|skip_connect~1|skip_connect~2|', 9.71],
  ['|nor_conv_1x1~0|+|nor_conv_3x3~0|nor_conv_1x1~1|+|nor_conv_1x1~0|nor_conv_1x1~1|nor_conv_1x1~2|', 52.04],
  ['|avg_pool_3x3~0|+|none~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|avg_pool_3x3~2|', 55.3],
];

const networks: readonly [text: string, medianMs: number][] = [
  [
    'k3_e1,k3_e6,k5_e1,skip,k3_e1_g2,k5_e6,k3_e3,k3_e3,skip,k5_e6,k5_e3,k3_e3,k5_e1,k5_e6,k3_e3,k5_e1_g2,k5_e3,k5_e6,k5_e6,k3_e6,k5_e3,k3_e6',
    58.4,
  ],
  [
    'skip,skip,skip,skip,skip,skip,skip,skip,skip,skip,skip,skip,skip,skip,skip,skip,skip,skip,skip,skip,skip,skip',
    12.36,
  ],
];

function operators(): NonNullable<Profile['descriptor']>['operators'] {
  return Object.fromEntries(
    descriptorOperators.nasbench201.map((key, index) => {
      const medianMs = Math.round(1000 * (0.02 + 0.13 * index)) / 1000;
      const latency = { medianMs, trimmedMeanMs: Math.round(1000 * medianMs + 1) / 1000, spreadMs: 0.002 };
      const cycles = Math.round(medianMs * 2.4e6);
      return [
        key,
        {
          latency: key === 'stage1/none' ? 'not-counted' : latency,
          runs: key === 'stage1/none' ? null : 200,
          counters: {
            'cpu-cycles': cycles,
            instructions: Math.round(cycles * 1.6),
            'L1-dcache-loads': Math.round(cycles * 0.4),
            'L1-dcache-load-misses': Math.round(cycles * 0.01),
            'LLC-loads': key === 'backbone/lastact' ? 'not-counted' : Math.round(cycles * 0.002),
            'LLC-stores': 'unsupported',
            'cpu-migrations': 0,
          },
          runningPercent: key === 'backbone/lastact' ? { 'cpu-cycles': 100 } : { 'cpu-cycles': 100, 'LLC-loads': 83 },
        } satisfies NonNullable<Profile['descriptor']>['operators'][string],
      ];
    }),
  );
}

export const exampleProfile: Profile = {
  schemaVersion: profileSchemaVersion,
  target: {
    hardware: {
      vendor: 'Raspberry Pi Foundation',
      model: 'Raspberry Pi 5 Model B',
      cpu: 'ARM Cortex-A76',
      cores: 4,
      memoryMib: 8192,
      accelerator: 'none',
    },
    runtime: {
      name: 'onnxruntime',
      version: '1.30.0',
      executionProvider: 'cpu',
      settings: { threads: 4, graphOptimization: 'all' },
    },
    precision: 'fp32',
  },
  context: {
    agentVersion: 'sugarbush-agent 0.1.0',
    deviceId: null,
    kernel: 'Linux 6.12.25+rpt-rpi-2712',
    governor: 'performance',
    before: { frequencyMhz: 2400, load1: 0.08, temperatureC: 48.3 },
    after: { frequencyMhz: 2400, load1: 3.91, temperatureC: 61.4 },
    clock: {
      source: 'CLOCK_MONOTONIC',
      resolutionNs: 1,
      startedAt: '2026-02-03T10:15:00.000Z',
      endedAt: '2026-02-03T10:21:43.512Z',
    },
  },
  workloads: [
    { searchSpace: 'nasbench201', inputSize: 32, batchSize: 1 },
    { searchSpace: 'fbnet', inputSize: 224, batchSize: 8 },
  ],
  descriptor: {
    list: 'nasbench201',
    inputSize: 32,
    batchSize: 1,
    counters: {
      'cpu-cycles': { pmu: 'armv8_cortex_a76', event: 'cycles:u' },
      instructions: { pmu: 'armv8_cortex_a76', event: 'instructions:u' },
      'L1-dcache-loads': { pmu: 'armv8_cortex_a76', event: 'armv8_cortex_a76/l1d_cache/u' },
      'L1-dcache-load-misses': { pmu: 'armv8_cortex_a76', event: 'armv8_cortex_a76/l1d_cache_refill/u' },
      'LLC-loads': { pmu: 'armv8_cortex_a76', event: 'armv8_cortex_a76/ll_cache_rd/u' },
      'LLC-stores': { pmu: 'armv8_cortex_a76', event: 'LLC-stores:u' },
      'cpu-migrations': { pmu: null, event: 'cpu-migrations:u' },
    },
    operators: operators(),
  },
  measurements: [...measured(0, cells), ...measured(1, networks)],
};

function measured(workload: number, latencies: readonly (readonly [string, number])[]): Profile['measurements'] {
  return latencies.map(([architecture, medianMs], index) => {
    const measurement = {
      workload,
      architecture,
      latency: { medianMs, trimmedMeanMs: Math.round(medianMs * 1004) / 1000, spreadMs: 0.12 },
      runs: 50,
      stable: true,
    };
    if (workload > 0 || index > 0) return measurement;
    const samplesMs = [21.6, 21.45, 21.42, 21.42, 21.36, 21.4, 21.42];
    return {
      ...measurement,
      latency: { medianMs: 21.42, trimmedMeanMs: 21.4386, spreadMs: 0.025 },
      runs: 7,
      samplesMs,
    };
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  await writeFile(`${folder}raspberry-pi-5.json`, `${JSON.stringify(exampleProfile, null, 2)}\n`);
