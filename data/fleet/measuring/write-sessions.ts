// From what measure-session.ts left to what is shipped: a profile a target, its repeats, and the card of the machine.
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { defineCommand, type Values } from '#command-line/command.ts';
import { exitCodes } from '#command-line/exit-codes.ts';
import type { Terminal } from '#command-line/terminal.ts';
import { text } from '#command-line/values.ts';
import { type Profile, profileSchema } from '#core/dataset/profile.ts';
import { anyProfileSchema } from '#core/dataset/read-profile.ts';
import { DomainError } from '#core/errors.ts';
import { runScript } from './run-script.ts';
import { type NamedSession, sessionCard } from './session-card.ts';
import { sessionOf } from './session-profile.ts';

const program = 'node data/fleet/measuring/write-sessions.ts';

const options = {
  from: { value: 'PATH', help: 'the folder of measure-session.ts, or a .tar.gz of it', schema: text },
  machine: { value: 'NAME', help: 'name of its folder, such as xeon-h100', schema: text },
  out: {
    value: 'FOLDER',
    help: 'where that folder is made',
    schema: text,
    default: fileURLToPath(new URL('..', import.meta.url)),
  },
};

async function writeSessions({ from, machine, out }: Values<typeof options>, terminal: Terminal): Promise<number> {
  if (!existsSync(from)) throw new DomainError('invalid-usage', `--from ${from}: there is nothing`);
  const unpacked = mkdtempSync(join(tmpdir(), 'sugarbush-sessions-'));
  try {
    const folder = statSync(from).isDirectory() ? from : unpack(from, unpacked);
    const sessions = readSessions(folder);
    if (sessions.length === 0) throw new DomainError('invalid-usage', `--from ${from}: no session in it`);
    const repeats = join(out, machine, 'repeats');
    mkdirSync(repeats, { recursive: true });
    for (const { name, profile, start, end } of sessions) {
      writeProfile(join(out, machine, `${name}.json.gz`), profileSchema.parse(profile));
      if (start !== undefined) writeProfile(join(repeats, `${name}@start.json.gz`), start);
      if (end !== undefined) writeProfile(join(repeats, `${name}@end.json.gz`), end);
    }
    const [first] = sessions;
    const card = sessionCard(machine, sessions, readFileSync(join(folder, first!.name, 'command.txt'), 'utf8').trim());
    writeFileSync(join(out, machine, 'README.md'), card);
    terminal.out(card);
    return exitCodes.done;
  } finally {
    rmSync(unpacked, { recursive: true, force: true });
  }
}

function unpack(archive: string, folder: string): string {
  const { status, stderr } = spawnSync('tar', ['-xzf', archive, '-C', folder], { encoding: 'utf8' });
  if (status !== 0) throw new DomainError('invalid-usage', `--from ${archive}: ${stderr.trim()}`);
  return folder;
}

function readSessions(folder: string): NamedSession[] {
  const names = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return names
    .map(({ name }) => name)
    .sort()
    .flatMap((name) => {
      const session = sessionOf(name, readParts(join(folder, name)));
      return session === undefined ? [] : [{ name, ...session }];
    });
}

function readParts(folder: string): Map<string, Profile> {
  const ending = '.json.gz';
  const files = readdirSync(folder).filter((file) => file.endsWith(ending));
  const read = (file: string): Profile =>
    anyProfileSchema.parse(JSON.parse(gunzipSync(readFileSync(join(folder, file))).toString('utf8')));
  return new Map(files.map((file) => [file.slice(0, -ending.length), read(file)]));
}

function writeProfile(file: string, profile: Profile): void {
  writeFileSync(file, gzipSync(`${JSON.stringify(profile)}\n`, { level: 9 }));
}

const command = defineCommand({ options, run: writeSessions });
await runScript(program, 'writes sessions and their card', command);
