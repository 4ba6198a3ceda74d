// Measures the fleet that is shipped in data/: every target of fleet/targets.ts on this machine, with this agent. May be
// stopped and started again; what is measured is kept.
//   node scripts/measure-fleet.ts [--rows 300] [--targets a,b] [--max-seconds 0.6] [--tolerance 0.02] [--out data/fleet]
//   node scripts/measure-fleet.ts --repeat onnxruntime-all-t1     the same target again, after a restart
//   node scripts/measure-fleet.ts --card-only
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gunzipSync, gzipSync } from 'node:zlib';
import { type Profile, profileSchema } from '#core/dataset/profile.ts';
import { parseLatencyTable } from '#core/dataset/table.ts';
import { searchSpace } from '#core/search-space/registry.ts';
import { buildAgent } from './build-agent.ts';
import { type FleetProfile, fleetCard, fleetTable, type RepeatedProfile } from './fleet/card.ts';
import { fleetTargets } from './fleet/targets.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '300' },
    targets: { type: 'string' },
    repeat: { type: 'string' },
    'max-seconds': { type: 'string', default: '0.6' },
    tolerance: { type: 'string', default: '0.02' },
    out: { type: 'string', default: join(root, 'data', 'fleet') },
    'card-only': { type: 'boolean', default: false },
  },
});
const out = resolve(values.out);
const precision = ['--max-seconds', values['max-seconds'], '--tolerance', values.tolerance];
const repeats = join(out, 'repeats');
mkdirSync(repeats, { recursive: true });

const tableFile = join(root, 'data', 'latency-nasbench201.csv.gz');
const table = parseLatencyTable(gunzipSync(readFileSync(tableFile)).toString('utf8'), {
  file: tableFile,
  space: searchSpace('nasbench201'),
});
const architectures = table.texts.slice(0, Number(values.rows));
const list = join(root, '.build', 'fleet-architectures.txt');
mkdirSync(join(root, '.build'), { recursive: true });
writeFileSync(list, `${architectures.join('\n')}\n`);
const agent = await buildAgent(join(root, '.build', 'agent'));

function measure(name: string, options: readonly string[], file: string): void {
  if (existsSync(file)) {
    process.stderr.write(`${name}: measured before, ${file}\n`);
    return;
  }
  process.stderr.write(`${name}\n`);
  const profile = ['profile', '--search-space', 'nasbench201', '--input-size', '32', ...options];
  const how = ['--support-set', list, ...precision, '--out', file];
  const { status, signal } = spawnSync(process.execPath, [agent, ...profile, ...how], {
    cwd: root,
    stdio: 'inherit',
  });
  // 3: measured, with values that never settled; they are marked so.
  if (status !== 0 && status !== 3) {
    process.stderr.write(`${name}: ${signal ?? `exit code ${status}`}; start again to go on\n`);
    process.exit(status ?? 130);
  }
}

function read(file: string): Profile {
  return profileSchema.parse(JSON.parse(gunzipSync(readFileSync(file)).toString('utf8')));
}

function profilesIn(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.endsWith('.json.gz'));
}

const wanted = (values.repeat ?? values.targets)?.split(',') ?? fleetTargets.map(({ name }) => name);
for (const name of values['card-only'] ? [] : wanted) {
  const target = fleetTargets.find((candidate) => candidate.name === name);
  if (target === undefined) {
    process.stderr.write(`no target '${name}'; there are: ${fleetTargets.map((t) => t.name).join(', ')}\n`);
    process.exit(2);
  }
  const stamp = new Date().toISOString().slice(0, 16).replace(':', '');
  const file = values.repeat === undefined ? join(out, `${name}.json.gz`) : join(repeats, `${name}@${stamp}.json.gz`);
  measure(name, target.options, file);
}

const order = fleetTargets.map(({ name }) => name);
const fleet: FleetProfile[] = profilesIn(out)
  .map((file) => ({ name: file.slice(0, -'.json.gz'.length), profile: read(join(out, file)) }))
  .sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
if (fleet.length === 0) {
  process.stderr.write(`no profiles in ${out}\n`);
  process.exit(4);
}
const repeated: RepeatedProfile[] = profilesIn(repeats).map((file) => {
  const [name = '', repeat = ''] = file.slice(0, -'.json.gz'.length).split('@');
  return { name, repeat, profile: read(join(repeats, file)) };
});
writeFileSync(
  join(out, '..', 'latency-nasbench201-fleet.csv.gz'),
  gzipSync(fleetTable(fleet, architectures), { level: 9 }),
);
const card = fleetCard(fleet, repeated, ['node scripts/measure-fleet.ts', ...precision].join(' '));
writeFileSync(join(out, 'README.md'), card);
process.stdout.write(card);
