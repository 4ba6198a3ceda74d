// Every command's help, asked of the real program: what `npx sugarbush` starts, and the agent.
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { agentProgram } from '#agent/program.ts';
import { program } from '#cli/program.ts';
import type { Command } from '#command-line/command.ts';
import type { Program } from '#command-line/program.ts';

vi.setConfig({ testTimeout: 60_000 });

const root = fileURLToPath(new URL('../../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'sugarbush-help-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const run = (args: readonly string[], env: Record<string, string> = {}) =>
  new Promise<Ended>((resolve) => {
    const options = { cwd: root, env: { ...process.env, NODE_OPTIONS: '', ...env } };
    execFile(process.execPath, args, options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : (error.code as number), stdout, stderr });
    });
  });

interface Found {
  readonly words: readonly string[];
  readonly summary: string;
  readonly command: Command;
}

async function commandsOf({ entries }: Program, before: readonly string[] = []): Promise<Found[]> {
  const found = await Promise.all(
    entries.map(async ({ name, summary, load }) => {
      const [words, loaded] = [[...before, name], await load()];
      return 'entries' in loaded ? commandsOf(loaded, words) : [{ words, summary, command: loaded }];
    }),
  );
  return found.flat();
}

const kebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
const flat = (text: string): string => text.replace(/\s+/g, ' ');
const own = await commandsOf(program);
const ofAgent = await commandsOf(agentProgram);

test('there is a command for what the README tells', () => {
  const names = own.map(({ words }) => words.join(' '));
  for (const name of ['start', 'import', 'evaluate', 'bench', 'report', 'issue-token']) expect(names).toContain(name);
  for (const name of ['doctor', 'profile', 'upload', 'run', 'models']) expect(names).toContain(`agent ${name}`);
});

describe.each([
  ['sugarbush', 'cli/sugarbush.mjs', own],
  ['sugarbush-agent', 'agent/main.ts', ofAgent],
] as const)('%s', (name, file, commands) => {
  test.each(commands)('$words --help', async ({ words, summary, command }) => {
    const { code, stdout, stderr } = await run([file, ...words, '--help']);
    expect([code, stderr]).toEqual([0, '']);
    const help = flat(stdout);
    expect(help).toContain(`Usage: ${name} ${words.join(' ')} [options]`);
    expect(help).toContain(flat(summary));
    for (const [key, { value, help: meaning }] of Object.entries(command.options)) {
      const unit = value === undefined ? '' : ` <${value}>`;
      expect(help).toContain(`--${kebab(key)}${unit} ${flat(meaning)}`);
    }
  });

  test('without a command it lists them', async () => {
    for (const args of [[], ['--help']]) {
      const { code, stdout, stderr } = await run([file, ...args]);
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).toContain(`Usage: ${name} COMMAND [options]`);
      for (const { words } of commands) expect(stdout).toContain(`\n  ${words[0]} `);
    }
  });

  test('what it does not know ends with 2 and the nearest name, and prints no result', async () => {
    const { words, command } = commands[0]!;
    const option = kebab(Object.keys(command.options)[0]!);
    for (const [args, nearest] of [
      [[`${words[0]}s`], words[0]],
      [[...words, `--${option}x`], `--${option}`],
    ] as const) {
      const { code, stdout, stderr } = await run([file, ...args]);
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toContain(`(Did you mean ${nearest}?)`);
    }
  });
});

test('withdraw and restore each say what they do', async () => {
  const said = async (name: string) => flat((await run(['cli/sugarbush.mjs', name, '--help'])).stdout);
  expect(await said('withdraw')).toContain('what is withdrawn is kept and counts nowhere');
  const restore = await said('restore');
  expect(restore).toContain('What was withdrawn is used again');
  expect(restore).not.toContain('counts nowhere');
});

const heavy = /\/node_modules\/(onnxruntime|vega|aws-|@aws-|@smithy|@middy|constructs|esbuild|hyparquet|cli-progress)/;

test.each(own.map(({ words }) => words.join(' ')))('%s --help loads nothing heavy', async (line) => {
  const words = line.split(' ');
  const file = join(folder, words.join('-'));
  const preload = new URL('./record-modules.mjs', import.meta.url).href;
  await run(['--import', preload, 'cli/sugarbush.mjs', ...words, '--help'], { RECORD_MODULES: file });
  const loaded = readFileSync(file, 'utf8').trim().split('\n');
  expect(loaded.some((url) => url.includes('/commander/'))).toBe(true);
  expect(loaded.filter((url) => heavy.test(url))).toEqual([]);
});

describe('a signal to a command that stops in order', () => {
  const script = `
    import { processTerminal } from ${JSON.stringify(new URL('../../../command-line/terminal.ts', import.meta.url).href)};
    const { signal, say } = processTerminal();
    signal.addEventListener('abort', () => say('stopping '));
    setTimeout(() => process.exit(7), 1500);
    process.kill(process.pid, 'SIGINT');
    process.kill(process.pid, 'SIGINT');
    if (process.argv[1] === 'again') setTimeout(() => process.kill(process.pid, 'SIGINT'), 800);`;
  const args = ['--input-type=module', '-e', script];

  test('twice at once, as npm passes it on, is one', async () => {
    expect(await run(args)).toEqual({ code: 7, stdout: '', stderr: 'stopping ' });
  });
  test('again later ends the process', async () => {
    expect(await run([...args, 'again'])).toEqual({ code: 130, stdout: '', stderr: 'stopping ' });
  });
});
