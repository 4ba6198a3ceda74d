// Measures the fleet that lies in the folder above: every target of targets.ts on this machine, with this agent, and writes
// its table and card. It stands beside the data that it made, as their provenance. May be stopped and started again; what is
// measured is kept. With --repeat a target is measured again, after a restart, to see how well it agrees with itself.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { defineCommand, flag, type Values } from '#command-line/command.ts';
import { exitCodes } from '#command-line/exit-codes.ts';
import type { Terminal } from '#command-line/terminal.ts';
import { list as listed, positiveInteger, positiveNumber, text } from '#command-line/values.ts';
import type { Profile } from '#core/dataset/profile.ts';
import { anyProfileSchema } from '#core/dataset/read-profile.ts';
import { parseLatencyTable } from '#core/dataset/table.ts';
import { DomainError } from '#core/errors.ts';
import { searchSpace } from '#core/search-space/registry.ts';
import { buildAgent } from '#scripts/build-agent.ts';
import { type FleetProfile, fleetCard, fleetTable, type RepeatedProfile } from './card.ts';
import { runScript } from './run-script.ts';
import { fleetTargets } from './targets.ts';

const name = 'node data/fleet/measuring/measure-fleet.ts';
const root = fileURLToPath(new URL('../../..', import.meta.url));

const options = {
  rows: { value: 'N', help: 'networks: the first rows of the table', schema: positiveInteger, default: '300' },
  targets: { value: 'NAMES', help: 'only these, as a,b; default: all', schema: listed.optional() },
  repeat: { value: 'NAMES', help: 'measure these again, as a,b', schema: listed.optional() },
  maxSeconds: { value: 'S', help: 'longest sampling of one network', schema: positiveNumber, default: '0.6' },
  tolerance: { value: 'FRACTION', help: '95 % interval, relative', schema: positiveNumber, default: '0.02' },
  out: { value: 'FOLDER', help: 'where the profiles go', schema: text, default: join(root, 'data', 'fleet') },
  cardOnly: flag('measure nothing; write table and card'),
};

const command = defineCommand({ options, run: measureFleet });

async function measureFleet(given: Values<typeof options>, terminal: Terminal): Promise<number> {
  const out = resolve(given.out);
  const precision = ['--max-seconds', String(given.maxSeconds), '--tolerance', String(given.tolerance)];
  const repeats = join(out, 'repeats');
  mkdirSync(repeats, { recursive: true });

  const tableFile = join(root, 'data', 'latency-nasbench201.csv.gz');
  const table = parseLatencyTable(gunzipSync(readFileSync(tableFile)).toString('utf8'), {
    file: tableFile,
    space: searchSpace('nasbench201'),
  });
  const architectures = table.texts.slice(0, given.rows);
  const list = join(root, '.build', 'fleet-architectures.txt');
  mkdirSync(join(root, '.build'), { recursive: true });
  writeFileSync(list, `${architectures.join('\n')}\n`);
  const agent = await buildAgent(join(root, '.build', 'agent'));

  function measure(name: string, options: readonly string[], file: string): void {
    const isThere = existsSync(file);
    terminal.say(isThere ? `${name}: measured before, ${file}\n` : `${name}\n`);
    if (isThere) return;
    const profile = ['profile', '--search-space', 'nasbench201', '--input-size', '32', ...options];
    const how = ['--support-set', list, ...precision, '--out', file];
    const argv = [agent, ...profile, ...how];
    const { status, signal } = spawnSync(process.execPath, argv, { cwd: root, stdio: 'inherit' });
    // 3: measured, with values that never settled; they are marked so.
    if (status === 0 || status === 3) return;
    throw new DomainError('program-failed', `${name}: ${signal ?? `exit code ${status}`}; start again to go on`);
  }

  const wanted = given.repeat ?? given.targets ?? fleetTargets.map(({ name }) => name);
  for (const each of given.cardOnly ? [] : wanted) {
    const target = fleetTargets.find((candidate) => candidate.name === each);
    if (target === undefined) {
      throw new DomainError(
        'invalid-usage',
        `no target '${each}'; there are ${fleetTargets.map((t) => t.name).join(', ')}`,
      );
    }
    const stamp = new Date().toISOString().slice(0, 16).replace(':', '');
    const file = given.repeat === undefined ? join(out, `${each}.json.gz`) : join(repeats, `${each}@${stamp}.json.gz`);
    measure(each, target.options, file);
  }

  const order = fleetTargets.map(({ name }) => name);
  const fleet: FleetProfile[] = profilesIn(out)
    .map((file) => ({ name: file.slice(0, -'.json.gz'.length), profile: read(join(out, file)) }))
    .sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
  if (fleet.length === 0) throw new DomainError('invalid-usage', `no profiles in ${out}`);
  const repeated: RepeatedProfile[] = profilesIn(repeats).map((file) => {
    const [name = '', repeat = ''] = file.slice(0, -'.json.gz'.length).split('@');
    return { name, repeat, profile: read(join(repeats, file)) };
  });
  writeFileSync(
    join(out, '..', 'latency-nasbench201-fleet.csv.gz'),
    gzipSync(fleetTable(fleet, architectures), { level: 9 }),
  );
  const card = fleetCard(fleet, repeated, [name, ...precision].join(' '));
  writeFileSync(join(out, 'README.md'), card);
  terminal.out(card);
  return exitCodes.done;
}

function read(file: string): Profile {
  return anyProfileSchema.parse(JSON.parse(gunzipSync(readFileSync(file)).toString('utf8')));
}

function profilesIn(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.endsWith('.json.gz'));
}

await runScript(name, 'measures the fleet of data/fleet', command);
