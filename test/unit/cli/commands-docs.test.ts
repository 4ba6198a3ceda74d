// docs/commands.md against the program: every command has a row, and no row is of another; `--json` where it is told,
// and the codes.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { exitCodes as ofAgent } from '#agent/exit-codes.ts';
import { program } from '#cli/program.ts';
import type { Command } from '#command-line/command.ts';
import { exitCodes } from '#command-line/exit-codes.ts';
import type { Program } from '#command-line/program.ts';

const docs = readFileSync(new URL('../../../docs/commands.md', import.meta.url), 'utf8');
const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
const rows = new Map([...docs.matchAll(/^\| `([a-z- ]+)` \| (.*) \|$/gm)].map(([, name, rest]) => [name!, rest!]));

async function commandsOf({ entries }: Program, before = ''): Promise<[string, Command][]> {
  const found = await Promise.all(
    entries.map(async ({ name, load }): Promise<[string, Command][]> => {
      const loaded = await load();
      return 'entries' in loaded ? commandsOf(loaded, `${name} `) : [[`${before}${name}`, loaded]];
    }),
  );
  return found.flat();
}

describe('commands', async () => {
  const commands = await commandsOf(program);

  test('are those of the page', () => {
    expect([...rows.keys()].toSorted()).toEqual(commands.map(([name]) => name).toSorted());
  });

  test.each(commands)('%s has --json where the page says so', (name, { options }) => {
    expect(rows.get(name)!.includes('`--json`')).toBe('json' in options);
  });

  test('what the README runs exists', () => {
    const scripts = [...readme.matchAll(/npm run (?:-s )?([a-z:-]+)/g)].map(([, name]) => name!);
    const manifest = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
    for (const name of scripts) expect(manifest.scripts).toHaveProperty([name]);
    const named = [...readme.matchAll(/npx sugarbush ([a-z][a-z-]*)/g)].map(([, name]) => name!);
    for (const name of named) expect(program.entries.map((entry) => entry.name)).toContain(name);
  });
});

test('the codes are told, and the agent’s agree with them', () => {
  for (const code of Object.values(exitCodes)) expect(docs).toContain(`\n| ${code} | `);
  expect(ofAgent).toMatchObject({ ok: exitCodes.done, internal: exitCodes.failed, usage: exitCodes.usage });
});
