// What a program reports while it measures is part of the target, and a profile that was cut off goes on only where
// nothing of it changed. The programs are real processes behind --command; cases: what they print.
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { measuringOptions } from '#agent/commands/measuring-options.ts';
import { makePlan } from '#agent/commands/plan.ts';
import { measureWithJournal } from '#agent/commands/profile.ts';
import { type SystemFiles, systemFiles } from '#agent/device/system-files.ts';
import { parseOptions } from '#command-line/parse-options.ts';
import type { Terminal } from '#command-line/terminal.ts';
import type { Profile } from '#core/dataset/profile.ts';
import { targetId } from '#core/dataset/target-id.ts';

const folder = mkdtempSync(join(tmpdir(), 'sugarbush-what-runs-'));
afterAll(() => rmSync(folder, { recursive: true }));

const program = join(folder, 'program.sh');
const calls = join(folder, 'calls');
const samples = Array(12).fill(2).join();

/** A program that prints these keys beside its samples, and notes each call. */
function prints(keys: Record<string, string>, before = ''): void {
  const more = Object.entries(keys).map(([key, value]) => `,"${key}":"${value}"`);
  writeFileSync(
    program,
    `#!/bin/sh\necho x >> ${calls}\n${before}\necho '{"latenciesMs":[${samples}]${more.join('')}}'\n`,
  );
  chmodSync(program, 0o755);
}

interface Made {
  readonly profile: Profile;
  readonly id: string;
  readonly said: string;
  readonly failures: readonly { readonly reason: string }[];
}

/** Measures two networks; what was measured stays in the journal of that name, as of one that was cut off. */
async function measure(words: string, journal: string, files: SystemFiles = systemFiles()): Promise<Made> {
  const line = `--search-space nasbench201 --runtime command --no-descriptor --max-seconds 0.1 --cool-down 0.001 ${words}`;
  const args = [...line.trim().split(' '), '--max-wait', '0.001', '--command', program];
  const { values: options } = parseOptions(args, { options: measuringOptions });
  let said = '';
  const terminal: Terminal = {
    out: () => {},
    say: (text) => {
      said += text;
    },
    isTerminal: false,
    env: {},
    signal: new AbortController().signal,
  };
  const planned = await makePlan(options, files, { state: folder, say: terminal.say });
  try {
    const cell = (operator: string): string => `|${operator}~0|+|none~0|none~1|+|${operator}~0|none~1|none~2|`;
    const networks = ['skip_connect', 'nor_conv_1x1'].map((operator) => ({
      workload: 0,
      architecture: cell(operator),
    }));
    const { result } = await measureWithJournal({ ...planned, networks }, join(folder, journal), terminal);
    return { profile: result.profile, id: targetId(result.profile.target), said, failures: result.failures };
  } finally {
    planned.models.remove();
  }
}

describe('the target is what the program says of itself', () => {
  test.each([
    ['accelerator', { accelerator: 'GPU one' }, { accelerator: 'GPU two' }],
    ['version', { version: '1.0' }, { version: '1.1' }],
    ['runtime', { runtime: 'tvm' }, { runtime: 'ncnn' }],
    ['execution provider', { executionProvider: 'cuda' }, { executionProvider: 'tensorrt' }],
    ['power mode', { powerMode: '7W' }, { powerMode: '15W' }],
    ['delegate', { delegate: 'GPU' }, { delegate: 'NNAPI' }],
  ])('two targets by %s', async (what, one, other) => {
    prints(one as Record<string, string>);
    const first = await measure('', `${what}-1`);
    prints(other as Record<string, string>);
    const second = await measure('', `${what}-2`);
    expect(first.id).not.toBe(second.id);
  });

  test('all of it stands in the profile', async () => {
    prints({
      runtime: 'TVM',
      version: '0.16',
      executionProvider: 'CUDAExecutionProvider',
      accelerator: 'RTX 4090',
      powerMode: 'MAXN',
    });
    const { profile, id, said } = await measure('', 'all');
    expect(profile.target).toMatchObject({
      hardware: { accelerator: 'RTX 4090' },
      runtime: { name: 'tvm', version: '0.16', executionProvider: 'cuda', settings: { powerMode: 'MAXN' } },
    });
    expect(id).toContain('rtx-4090-tvm-cuda-t1-fp32');
    expect(said).not.toContain('--runtime-name');
  });

  test('a name is asked for, and can be given', async () => {
    prints({ version: '2' });
    const unnamed = await measure('', 'unnamed');
    expect(unnamed.said).toContain('Name it with --runtime-name');
    const named = await measure('--runtime-name TVM', 'named');
    expect(named.profile.target.runtime.name).toBe('tvm');
    expect(named.said).not.toContain('--runtime-name');
    prints({ runtime: 'ncnn' });
    await expect(measure('--runtime-name tvm', 'contradiction')).rejects.toMatchObject({ code: 'invalid-usage' });
  });

  test('a network that ran on something else is left out', async () => {
    // The third call is of the second network: the first one asks what runs.
    const moved = `[ $(wc -l < ${calls}) -lt 3 ] || { echo '{"latenciesMs":[9,9,9,9],"accelerator":"CPU"}'; exit; }`;
    rmSync(calls, { force: true });
    prints({ accelerator: 'NPU' }, moved);
    const { profile, failures } = await measure('', 'moved');
    expect(profile.measurements).toHaveLength(1);
    expect(failures.map(({ reason }) => reason)).toEqual([
      "measured with accelerator 'CPU' and not 'NPU', as the target says: not mixed with the rest",
    ]);
  });
});

describe('a profile that was cut off', () => {
  const callsOf = async (work: () => Promise<Made>): Promise<{ count: number; said: string }> => {
    writeFileSync(calls, '');
    const { said } = await work();
    return { count: readFileSync(calls, 'utf8').split('\n').length - 1, said };
  };

  test('goes on where nothing changed: the program is only asked what it is', async () => {
    prints({ version: '1' });
    await measure('', 'same');
    const again = await callsOf(() => measure('', 'same'));
    expect(again).toMatchObject({ count: 1, said: expect.not.stringContaining('starting anew') });
  });

  test.each([
    ['another version', { version: '2' }, /version of the runtime 2, was 1/],
    ['another accelerator', { version: '1', accelerator: 'B' }, /accelerator B, was not known/],
    ['another runtime', { version: '1', runtime: 'ncnn' }, /runtime ncnn, was command/],
    ['another program of the same words', { version: '1', build: 'b' }, /\(another program, or another script/],
  ])('starts anew with %s and says so', async (name, keys, reason) => {
    prints({ version: '1' });
    await measure('', name);
    prints(keys as Record<string, string>);
    const again = await callsOf(() => measure('', name));
    expect(again.count).toBe(3);
    expect(again.said).toMatch(reason);
    expect(again.said).toContain('starting anew');
  });

  test('starts anew with another clock setting and says so', async () => {
    prints({ version: '1' });
    const governed = (governor: string): SystemFiles => {
      const real = systemFiles();
      return {
        ...real,
        list: (path) => (path === 'sys/devices/system/cpu' ? ['cpu0'] : real.list(path)),
        text: (path) => (path.endsWith('/scaling_governor') ? governor : real.text(path)),
      };
    };
    await measure('', 'clocks', governed('performance'));
    const again = await callsOf(() => measure('', 'clocks', governed('powersave')));
    expect(again.count).toBe(3);
    expect(again.said).toMatch(/\(frequency governor powersave, was performance\): starting anew/);
    expect(existsSync(join(folder, 'clocks'))).toBe(true);
  });
});
