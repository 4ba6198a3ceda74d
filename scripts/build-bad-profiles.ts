// Writes test/fixtures/profiles/{quarantined,excluded}: for each reason code at least one profile that has it, named
// CODE.json, CODE.VARIANT.json, or .gz where the fault is in the compression. Codes that depend on the registration or
// on what is stored have none here. Run: node scripts/build-bad-profiles.ts

import { readFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { Profile } from '#core/dataset/profile.ts';
import type { ProfileV1 } from '#core/dataset/version-1/profile-v1.ts';
import { emptyNetwork } from '#core/standard-networks/other-networks.ts';
import { exampleProfile } from './build-profile-fixtures.ts';

const folder = fileURLToPath(new URL('../test/fixtures/profiles/', import.meta.url));

const [first, second] = exampleProfile.measurements as [
  Profile['measurements'][number],
  Profile['measurements'][number],
];

/** The example without its descriptor and with two measurements of one workload. */
const small: Profile = {
  ...exampleProfile,
  workloads: exampleProfile.workloads.slice(0, 1),
  descriptor: null,
  measurements: [first, second],
};
/** Such a one of version 1. */
const exampleV1 = JSON.parse(readFileSync(`${folder}version-1/raspberry-pi-5.json`, 'utf8')) as ProfileV1;
const [firstV1, secondV1] = exampleV1.measurements;
const smallV1 = { ...exampleV1, descriptor: null, measurements: [firstV1, secondV1] };

/** `small` as text, with the second measurement changed. Text, so that it can hold numbers no value prints as. */
function withSecond(change: Record<string, unknown>, replace: [string, string] = ['', '']): string {
  const text = JSON.stringify({ ...small, measurements: [first, { ...second, ...change }] }, null, 1);
  return text.replace(...replace);
}

const latency = (medianMs: number, more: object = {}): Record<string, unknown> => ({
  latency: { ...second.latency, medianMs, ...more },
});

/** One measurement, and models with the latency of the second. */
const withModels = (...graphs: readonly object[]): string => {
  const { workload: _, architecture: __, ...result } = second;
  return JSON.stringify(
    { ...small, measurements: [first], models: graphs.map((graph) => ({ graph, ...result })) },
    null,
    1,
  );
};
const { graph } = emptyNetwork();

const excluded: Record<string, string> = {
  'measurement-invalid.not-an-object.json': JSON.stringify({ ...small, measurements: [first, 88.17] }, null, 1),
  'measurement-invalid.weights.json': withSecond({ weights: [0.1, 0.2] }),
  'measurement-invalid.text-latency.json': withSecond({ latency: '88.17 ms' }),
  'measurement-invalid.zero-runs.json': withSecond({ runs: 0 }),
  'measurement-invalid.no-such-workload.json': withSecond({ workload: 1 }),
  'measurement-invalid.no-workload.json': withSecond({ workload: undefined }),
  'measurement-invalid.version-1-workload.json': JSON.stringify(
    { ...smallV1, measurements: [firstV1, { ...secondV1, workload: 0 }] },
    null,
    1,
  ),
  'latency-not-finite.infinite.json': withSecond(latency(88.17), ['"medianMs": 88.17', '"medianMs": 1e999']),
  'latency-not-finite.nan.json': withSecond(latency(Number.NaN)),
  'latency-not-positive.zero.json': withSecond(latency(0)),
  'latency-not-positive.negative.json': withSecond(latency(-88.17)),
  'latency-not-positive.underflow.json': withSecond(latency(88.17), ['"medianMs": 88.17', '"medianMs": 1e-999']),
  'latency-implausible.too-long.json': withSecond(latency(600_000.5)),
  'latency-implausible.too-short.json': withSecond(latency(0.00009)),
  'architecture-invalid.json': withSecond({
    architecture: second.architecture.replace('nor_conv_3x3~2', 'nor_conv_5x5~2'),
  }),
  'architecture-invalid.other-space.json': withSecond({
    architecture: 'r204|k7e6-k5e4|k7e6-k7e3|k5e3-k7e6|k5e3-k3e6|k5e6-k3e4',
  }),
  'architecture-duplicate.json': withSecond({ architecture: first.architecture }),
  'architecture-duplicate.version-1.json': JSON.stringify({ ...smallV1, measurements: [firstV1, firstV1] }, null, 1),
  'measurement-invalid.graph-with-weights.json': withModels({
    ...graph,
    constants: [{ name: 'w', type: 'float32', shape: [17], values: Array.from({ length: 17 }, (_, i) => i / 10) }],
  }),
  'model-invalid.json': withModels({ ...graph, outputs: ['nothing'] }),
  'model-duplicate.json': withModels(graph, { ...graph, name: 'again' }),
  'samples-disagree.json': withSecond({ samplesMs: [44.1, 44.0, 44.2] }),
  'measurement-unstable.spread.json': withSecond(latency(88.17, { spreadMs: 23 })),
  'measurement-unstable.mean.json': withSecond(latency(88.17, { trimmedMeanMs: 133 })),
  'measurement-unstable.samples.json': withSecond({ samplesMs: [50, 88, 88.17, 90, 140, 45, 150] }),
  'measurement-unstable.said-so.json': withSecond({ stable: false }),
};

const changed = (change: object): string => JSON.stringify({ ...small, ...change }, null, 1);
const bothBad = [
  { ...first, latency: { ...first.latency, medianMs: 0 } },
  { ...second, architecture: first.architecture, stable: false },
];
const bare = gzipSync(JSON.stringify(small));
const flipped = Uint8Array.from(bare);
flipped[flipped.length - 6]! ^= 0xff;
const operators = exampleProfile.descriptor!.operators;

const quarantined: Record<string, string | Uint8Array> = {
  'gzip-damaged.plain-json.gz': JSON.stringify(small),
  'gzip-damaged.cut-off.gz': bare.subarray(0, bare.length - 20),
  'gzip-damaged.checksum.gz': flipped,
  'gzip-damaged.empty.gz': '',
  'json-invalid.cut-off.json': JSON.stringify(small).slice(0, -1),
  'gzip-too-large.gz': gzipSync(Buffer.alloc(50 * 2 ** 20 + 1, ' ')),
  'json-too-complex.entries.gz': gzipSync(`[${'0,'.repeat(50_000)}0]`),
  'json-invalid.not-utf-8.gz': gzipSync(Buffer.from('{"schemaVersion":1,"target":"\xff"}', 'latin1')),
  'json-invalid.empty.json': '',
  'json-invalid.nan.json': changed({}).replace('"medianMs": 21.42', '"medianMs": NaN'),
  'json-too-complex.deep.json': `${'['.repeat(5000)}${']'.repeat(5000)}`,
  'schema-invalid.not-an-object.json': '[]',
  'schema-invalid.version.json': changed({ schemaVersion: 3 }),
  'schema-invalid.version-0.json': changed({ schemaVersion: '2' }),
  'schema-invalid.unknown-field.json': changed({ weights: [0.1] }),
  'schema-invalid.proto.json': changed({}).replace('{', '{"__proto__": {"schemaVersion": 1},'),
  'schema-invalid.no-measurements.json': changed({ measurements: [] }),
  'schema-invalid.no-batch-size.json': changed({}).replace(/,\s*"batchSize": 1/, ''),
  'schema-invalid.operator-missing.json': changed({
    descriptor: { ...exampleProfile.descriptor, operators: { 'stage1/none': operators['stage1/none'] } },
  }),
  'schema-invalid.no-workloads.json': changed({ workloads: [] }),
  'schema-invalid.workload-twice.json': changed({ workloads: [...small.workloads, ...small.workloads] }),
  'schema-invalid.too-many-workloads.json': changed({
    workloads: Array.from({ length: 65 }, (_, i) => ({ ...small.workloads[0], batchSize: i + 1 })),
  }),
  'schema-invalid.input-size.json': changed({ workloads: [{ ...small.workloads[0], inputSize: 30 }] }),
  'schema-invalid.no-precision.json': changed({ target: { ...small.target, precision: undefined } }),
  'schema-invalid.version-1-target.json': changed({ target: exampleV1.target }),
  'schema-invalid.version-1-operator-missing.json': JSON.stringify(
    { ...smallV1, descriptor: { ...exampleV1.descriptor, operators: { 'stage1/none': operators['stage1/none'] } } },
    null,
    1,
  ),
  'schema-invalid.version-1-no-precision.json': JSON.stringify(smallV1, null, 1).replace(/,\s*"precision": "fp32"/, ''),
  'search-space-mismatch.json': changed({ workloads: [{ searchSpace: 'fbnet', inputSize: 224, batchSize: 1 }] }),
  'search-space-mismatch.one-of-two.json': changed({
    workloads: [...small.workloads, { searchSpace: 'ofa', inputSize: null, batchSize: 1 }],
  }),
  'search-space-mismatch.version-1.json': JSON.stringify(
    {
      ...smallV1,
      target: { ...smallV1.target, workload: { ...smallV1.target.workload, searchSpace: 'fbnet', inputSize: 224 } },
    },
    null,
    1,
  ),
  'device-mismatch.json': changed({ context: { ...small.context, deviceId: 'somebody-else' } }),
  'descriptor-implausible.json': changed({
    descriptor: {
      ...exampleProfile.descriptor,
      operators: {
        ...operators,
        'stage2/none': { ...operators['stage2/none'], latency: { medianMs: 1e9, trimmedMeanMs: null, spreadMs: null } },
      },
    },
  }),
  'no-measurements-left.json': changed({ descriptor: null, measurements: bothBad }),
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, files] of Object.entries({ excluded, quarantined })) {
    await rm(`${folder}${name}`, { recursive: true, force: true });
    await mkdir(`${folder}${name}`, { recursive: true });
    for (const [file, content] of Object.entries(files)) await writeFile(`${folder}${name}/${file}`, content);
  }
}
