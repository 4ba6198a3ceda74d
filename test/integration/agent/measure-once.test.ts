// A profile that was measured but not safe yet when the agent was killed is the same profile when it starts again.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { measuringOptions } from '#agent/commands/measuring-options.ts';
import { makePlan } from '#agent/commands/plan.ts';
import { measureWithJournal } from '#agent/commands/profile.ts';
import { systemFiles } from '#agent/device/system-files.ts';
import { parseOptions } from '#command-line/parse-options.ts';
import type { Terminal } from '#command-line/terminal.ts';

const folder = mkdtempSync(join(tmpdir(), 'sugarbush-once-'));
afterAll(() => rmSync(folder, { recursive: true }));

const cell = (operator: string): string => `|${operator}~0|+|none~0|none~1|+|${operator}~0|none~1|none~2|`;

test('killed between measuring and the spool, it does not become a second profile', async () => {
  const program = join(folder, 'program.sh');
  // Another latency in every run.
  writeFileSync(
    program,
    `#!/bin/sh\ns=$(date +%N)\nl="1.$s"\necho "{\\"latenciesMs\\":[$l,$l,$l,$l,$l,$l,$l,$l,$l,$l]}"\n`,
  );
  chmodSync(program, 0o755);
  const line = '--search-space nasbench201 --runtime command --max-seconds 0.1 --cool-down 0.001 --max-wait 0.001';
  const { values: options } = parseOptions([...line.split(' '), '--no-descriptor', '--command', program], {
    options: measuringOptions,
  });
  const terminal: Terminal = {
    out: () => {},
    say: () => {},
    isTerminal: false,
    env: {},
    signal: new AbortController().signal,
  };
  const planned = await makePlan(options, systemFiles(), { state: folder });
  const file = join(folder, 'partial');
  const measure = (architectures: readonly string[]) => {
    const networks = architectures.map((architecture) => ({ workload: 0, architecture }));
    return measureWithJournal({ ...planned, networks }, file, terminal);
  };
  try {
    const networks = ['skip_connect', 'nor_conv_1x1'].map(cell);
    const first = await measure(networks);
    const again = await measure(networks);
    expect(JSON.stringify(again.result.profile)).toBe(JSON.stringify(first.result.profile));
    // Other networks are another profile; of what was measured already the measurement is taken over.
    const more = await measure([...networks, cell('nor_conv_3x3')]);
    expect(more.result.profile.measurements.slice(0, 2)).toEqual(first.result.profile.measurements);
    expect(more.result.profile.measurements).toHaveLength(3);
    more.forget();
    const anew = await measure(networks);
    expect(anew.result.profile.measurements).not.toEqual(first.result.profile.measurements);
    anew.forget();
  } finally {
    planned.models.remove();
  }
});
