import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { chooseArchitectures, chooseNetworks } from '#agent/commands/architectures.ts';
import { workloadsOf } from '#agent/commands/measuring-options.ts';
import { models } from '#agent/commands/models.ts';
import { profile } from '#agent/commands/profile.ts';
import { run } from '#agent/commands/run.ts';
import { serviceOf, upload } from '#agent/commands/upload.ts';
import { exitCodeOf } from '#agent/exit-codes.ts';
import { spoolFolder, stateFolder } from '#agent/state-folder.ts';
import { readAccess } from '#agent/upload/service.ts';
import { parseOptions } from '#command-line/parse-options.ts';
import type { Terminal } from '#command-line/terminal.ts';
import { positiveInteger, positiveNumber, wholeNumber } from '#command-line/values.ts';
import { DomainError } from '#core/errors.ts';
import { workloadKey } from '#core/search-space/workload.ts';

const folder = mkdtempSync(join(tmpdir(), 'sugarbush-command-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('options', () => {
  test('that nobody gave are the documented ones', () => {
    const needed = ['--search-space', 'nasbench201', '--runtime', 'onnxruntime'];
    expect(parseOptions(needed, profile).values).toMatchObject({
      ...{ searchSpace: ['nasbench201'], inputSize: undefined, batch: [1], supportSet: '10', seed: 0 },
      ...{ threads: 1, graphOptimization: 'all', precision: 'fp32', tolerance: 0.01 },
      ...{ maxSeconds: 5, coolDown: 0.1, maxWait: 10 },
      ...{
        noCounters: false,
        noDescriptor: false,
        noPin: false,
        rawSamples: false,
        kernelTimes: false,
        allowHttp: false,
      },
    });
    expect(parseOptions([...needed, '--no-pin', '--no-counters'], run).values).toMatchObject({
      ...{ noPin: true, noCounters: true, noDescriptor: false, every: 24, once: false },
    });
    expect(parseOptions([], upload).values.wait).toBe(120);
  });

  test.each([
    [positiveInteger, ['0', '-1', '1.5', '', '1e3', '99999999']],
    [wholeNumber, ['-1', 'x', ' 1']],
    [positiveNumber, ['0', '-2', '.5', '1e9', 'NaN', 'Infinity']],
  ])('numbers are plain', (kind, wrong) => {
    for (const text of wrong) expect(kind.safeParse(text).success, text).toBe(false);
    expect(kind.parse('7')).toBe(7);
  });
});

describe('which networks', () => {
  const cells = { searchSpace: 'nasbench201', inputSize: 32, batchSize: 1 } as const;

  test('drawn: as many as asked, distinct, the same with the same seed', async () => {
    const drawn = chooseArchitectures('12', cells, 3);
    expect(new Set(drawn).size).toBe(12);
    expect(chooseArchitectures('12', cells, 3)).toEqual(drawn);
    expect(chooseArchitectures('12', cells, 4)).not.toEqual(drawn);
  });

  test('from a file: comments and repeats are passed over, a wrong line is named', async () => {
    const file = join(folder, 'architectures.txt');
    const cell = '|none~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|';
    writeFileSync(file, `# mine\n${cell}\n\n${cell}\n`);
    expect(chooseArchitectures(file, cells, 0)).toEqual([cell]);
    writeFileSync(file, `${cell}\n|conv~0|\n`);
    expect(() => chooseArchitectures(file, cells, 0)).toThrow(/architectures\.txt, line 2: /);
    writeFileSync(file, '# nothing\n');
    expect(() => chooseArchitectures(file, cells, 0)).toThrow(/no architecture/);
    expect(() => chooseArchitectures('/no/file', cells, 0)).toThrow(/cannot be read/);
    expect(() => chooseArchitectures('0', cells, 0)).toThrow(/from 1/);
  });
});

describe('several workloads', () => {
  const read = (...args: string[]) => {
    const { values } = parseOptions([...args, '--runtime', 'onnxruntime'], profile);
    return workloadsOf(values).map(workloadKey);
  };

  test('are each search space at each batch size, each once', () => {
    expect(read('--search-space', 'nasbench201')).toEqual(['nasbench201/32/1']);
    expect(
      read('--search-space', 'ofa', '--search-space', 'nasbench201', '--batch', '8', '--batch', '1', '--batch', '8'),
    ).toEqual(['ofa/-/8', 'ofa/-/1', 'nasbench201/32/8', 'nasbench201/32/1']);
    expect(read('--search-space', 'fbnet', '--search-space', 'nasbench201', '--input-size', '64')).toEqual([
      'fbnet/64/1',
      'nasbench201/64/1',
    ]);
  });

  test('are refused where they cannot be', () => {
    expect(() => read('--search-space', 'nasbench201', '--search-space', 'ofa', '--input-size', '64')).toThrow(
      /--search-space ofa: .*states its own/,
    );
    expect(() => read('--search-space', 'nasbench201', '--search-space', 'darts')).toThrow(/--search-space/);
    const batches = Array.from({ length: 33 }, (_, i) => ['--batch', String(i + 1)]).flat();
    expect(() => read('--search-space', 'nasbench201', '--search-space', 'fbnet', ...batches)).toThrow(/66 .*holds 64/);
  });

  test('have as many networks each, or those of a file where they are of one search space', async () => {
    const one = { searchSpace: 'nasbench201', inputSize: 32, batchSize: 1 } as const;
    const workloads = [one, { ...one, batchSize: 8 }, { ...one, searchSpace: 'fbnet', inputSize: 224 }] as const;
    const { networks } = await chooseNetworks('4', workloads, 0, undefined);
    expect(networks.map(({ workload }) => workload)).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]);
    const file = join(folder, 'cells.txt');
    const cell = '|none~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|';
    writeFileSync(file, cell);
    expect(await chooseNetworks(file, workloads.slice(0, 2), 0, undefined)).toEqual({
      networks: [
        { workload: 0, architecture: cell },
        { workload: 1, architecture: cell },
      ],
      standard: [],
    });
    await expect(chooseNetworks(file, workloads, 0, undefined)).rejects.toThrow(/cells\.txt, line 1: /);
    await expect(chooseNetworks('10001', workloads.slice(0, 2), 0, undefined)).rejects.toThrow(/20002 networks/);
  });
});

describe('access to the service', () => {
  const env = { SUGARBUSH_TOKEN: 'sb_secret' };
  test('address and token from options or environment', () => {
    const api = 'https://api.example/';
    expect(readAccess({ api, allowHttp: false }, env)).toEqual({ api: 'https://api.example', token: 'sb_secret' });
    expect(readAccess({ allowHttp: false }, { ...env, SUGARBUSH_API: 'http://127.0.0.1:8080' }).api).toBe(
      'http://127.0.0.1:8080',
    );
    expect(readAccess({ api: 'http://10.0.0.1', allowHttp: true }, env).api).toBe('http://10.0.0.1');
  });

  test.each([
    [{}, env, /no address/],
    [{ api: 'http://api.example' }, env, /would carry the token readably/],
    [{ api: 'ftp://api.example' }, env, /allowed: https/],
    [{ api: 'https://api.example' }, {}, /no token in \$SUGARBUSH_TOKEN and no --token-file: .* enrolling the device/],
    [{ api: 'https://api.example' }, { SUGARBUSH_TOKEN: 'sb_sécret' }, /no token/],
    [{ api: 'https://api.example', tokenFile: '/no/file' }, env, /token file \/no\/file cannot be read/],
  ])('%o', (options, environment, message) => {
    const read = (): unknown => readAccess({ allowHttp: false, ...options }, environment);
    expect(read).toThrow(message);
    expect(read).not.toThrow(/secret|sécret/);
  });

  test.runIf(process.platform !== 'win32')('a token file that others may read is warned of', () => {
    const tokenFile = join(folder, 'token');
    writeFileSync(tokenFile, 'sb_secret');
    const said = (mode: number): string => {
      chmodSync(tokenFile, mode);
      let text = '';
      const terminal = { env: {}, say: (part: string) => (text += part) } as unknown as Terminal;
      serviceOf({ api: 'https://api.example', tokenFile, allowHttp: false }, terminal);
      return text;
    };
    expect([said(0o644).includes('others may read it (mode 644)'), said(0o600)]).toEqual([true, '']);
  });
});

test('the state folder: option, own variable, systemd, the user’s', () => {
  expect(stateFolder('/a', { SUGARBUSH_STATE: '/b' })).toBe('/a');
  expect(stateFolder(undefined, { SUGARBUSH_STATE: '/b', STATE_DIRECTORY: '/c' })).toBe('/b');
  expect(stateFolder(undefined, { STATE_DIRECTORY: '/c:/d' })).toBe('/c');
  expect(stateFolder(undefined, { XDG_STATE_HOME: '/e' })).toBe('/e/sugarbush-agent');
  expect(spoolFolder('/a')).toBe('/a/spool');
});

test('exit codes tell what a script can do about it', () => {
  expect(exitCodeOf(new DomainError('invalid-usage', ''))).toBe(2);
  expect(exitCodeOf(new DomainError('program-missing', ''))).toBe(4);
  expect(exitCodeOf(new DomainError('unauthorized', ''))).toBe(7);
  expect(exitCodeOf(new DomainError('internal', ''))).toBe(1);
});

test('networks that cannot be written are a matter of storage, with the folder named', async () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  const { values } = parseOptions(['--search-space', 'nasbench201', '--support-set', '1', '--out', file], models);
  const terminal = { out() {}, say() {}, env: {}, signal: new AbortController().signal, isInteractive: false };
  await expect(models.run(values, terminal as never, [])).rejects.toMatchObject({
    code: 'storage-failed',
    message: expect.stringContaining(file),
  });
});
