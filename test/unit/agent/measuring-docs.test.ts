// docs/measuring.md against the agent itself: every command line in it is one that the agent takes.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { exitCodes } from '#agent/exit-codes.ts';
import { agentProgram } from '#agent/program.ts';
import { parseCommandOutput } from '#agent/runtimes/command-output.ts';
import { runtimeNames, runtimeRow } from '#agent/runtimes/registry.ts';
import type { Command } from '#command-line/command.ts';
import { parseOptions } from '#command-line/parse-options.ts';

const docs = readFileSync(new URL('../../../docs/measuring.md', import.meta.url), 'utf8');
const unit = readFileSync(new URL('../../../agent/sugarbush-agent.service', import.meta.url), 'utf8');
const commands = new Map<string, Command>();
for (const { name, load } of agentProgram.entries) commands.set(name, (await load()) as Command);

const lines = [
  ...[...docs.matchAll(/```sh\n([^`]*)```/g)].flatMap(([, block]) => block!.split('\n')),
  ...[...unit.matchAll(/^ExecStart=(.*)$/gm)].map(([, line]) => line!),
].filter((line) => line.startsWith('sugarbush-agent '));

/** As a shell takes a line apart, without its variables. */
const wordsOf = (line: string): string[] =>
  [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([, single, double, bare]) => single ?? double ?? bare!);

describe('commands in the documents', () => {
  test.each(lines)('%s', (line) => {
    const [, name, ...args] = wordsOf(line);
    if (name === '--version') return;
    const command = commands.get(name!);
    expect(command, name).toBeDefined();
    if (args.includes('--help')) return;
    parseOptions(args, command!, { SUGARBUSH_API: 'https://api.example' });
  });

  test('there are some of every command', () => {
    for (const name of commands.keys())
      expect(lines.some((line) => line.startsWith(`sugarbush-agent ${name}`))).toBe(true);
  });
});

test('the tables of exit codes and runtimes are complete', () => {
  for (const code of Object.values(exitCodes)) expect(docs).toContain(`\n| ${code} | `);
  for (const name of runtimeNames) expect(docs).toContain(`\n${runtimeRow(name)}\n`);
});

test('the line that a command prints is one that the agent reads', () => {
  const line = /```json\n(\{"latenciesMs".*)\n```/.exec(docs)?.[1];
  expect(parseCommandOutput(line!)).toEqual({
    latenciesMs: [1.93, 1.91, 1.92],
    runtime: 'ncnn',
    version: '2.1',
    accelerator: 'Edge TPU',
  });
});
