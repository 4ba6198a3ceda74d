// docs/measuring.md against the agent itself: every command line in it is one that the agent takes.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { CommandSpec } from '#agent/command-line.ts';
import { doctorSpec } from '#agent/commands/doctor.ts';
import { modelsSpec } from '#agent/commands/models.ts';
import { profileSpec } from '#agent/commands/profile.ts';
import { runSpec } from '#agent/commands/run.ts';
import { uploadSpec } from '#agent/commands/upload.ts';
import { exitCodes } from '#agent/exit-codes.ts';
import { parseCommandOutput } from '#agent/runtimes/command.ts';
import { runtimeNames } from '#agent/runtimes/runtime.ts';

const docs = readFileSync(new URL('../../../docs/measuring.md', import.meta.url), 'utf8');
const unit = readFileSync(new URL('../../../agent/sugarbush-agent.service', import.meta.url), 'utf8');
const specs: Record<string, CommandSpec> = {
  doctor: doctorSpec,
  profile: profileSpec,
  upload: uploadSpec,
  run: runSpec,
  models: modelsSpec,
};

const lines = [
  ...[...docs.matchAll(/```sh\n([^`]*)```/g)].flatMap(([, block]) => block!.split('\n')),
  ...[...unit.matchAll(/^ExecStart=(.*)$/gm)].map(([, line]) => line!),
].filter((line) => line.startsWith('sugarbush-agent '));

describe('commands in the documents', () => {
  test.each(lines)('%s', (line) => {
    const [, name, ...words] = line.split(' ');
    if (name === '--version') return;
    const spec = specs[name!];
    expect(spec, name).toBeDefined();
    for (const [i, word] of words.entries()) {
      if (!word.startsWith('--') || words[i - 1]?.startsWith("'") === true || word === '--help') continue;
      const option = spec!.options[word.slice(2).replace(/'$/, '')];
      if (option === undefined && line.includes(`'./measure.sh ${word}`)) continue;
      expect(option, word).toBeDefined();
      if (option!.value === undefined) expect(words[i + 1]?.startsWith('--') ?? true).toBe(true);
      else expect(words[i + 1], word).toBeDefined();
    }
  });

  test('there are some of every command', () => {
    for (const name of Object.keys(specs))
      expect(lines.some((line) => line.startsWith(`sugarbush-agent ${name}`))).toBe(true);
  });
});

test('the tables of exit codes and runtimes are complete', () => {
  for (const code of Object.values(exitCodes)) expect(docs).toContain(`\n| ${code} | `);
  for (const name of runtimeNames) expect(docs).toContain(`\n| \`${name}\` | `);
});

test('the line that a command prints is one that the agent reads', () => {
  const line = /```json\n(\{"latenciesMs".*)\n```/.exec(docs)?.[1];
  expect(parseCommandOutput(line!)).toEqual({
    latenciesMs: [1.93, 1.91, 1.92],
    version: '2.1',
    accelerator: 'Edge TPU',
  });
});
