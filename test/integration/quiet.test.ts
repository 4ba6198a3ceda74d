// Nothing leaves a machine, and nothing is left on it, that the documents do not name: agent, function and command line
// run in a network namespace of their own without a network, with a fresh home, under strace. Every file that they make
// or open for writing and every address that they try is looked at. A control shows that ONNX Runtime, loaded
// carelessly, is caught.
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BundledPredict, bundledPredict } from '#cli/bench/bundled-predict.ts';
import { buildAgent } from '#scripts/build-agent.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const canTrace = ((): boolean => {
  try {
    execFileSync('unshare', ['--net', 'strace', '-f', '-o', '/dev/null', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

/** The client tries to send some seconds after the library was loaded; a process is watched for longer than that. */
const watchedS = 8;

interface Seen {
  /** Left below the home folder, relative to it. */
  readonly home: readonly string[];
  /** Made or opened for writing outside the folders that a process was given. */
  readonly written: readonly string[];
  /** Addresses tried, other than loopback and local sockets; names looked up go to port 53 of some. */
  readonly tried: readonly string[];
  readonly code: number | null;
  readonly output: string;
}

/** Runs a program cut off from the network with a home of its own.
 * @param folders where it may write */
async function watch(argv: readonly string[], { folders, network = false, env = {} }: WatchOptions): Promise<Seen> {
  const scratch = mkdtempSync(join(tmpdir(), 'sugarbush-quiet-'));
  const [home, temporary] = [join(scratch, 'home'), join(scratch, 'tmp')];
  mkdirSync(home);
  mkdirSync(temporary);
  const trace = join(scratch, 'trace');
  const calls =
    'connect,sendto,open,openat,creat,mkdir,mkdirat,rename,renameat,renameat2,link,linkat,symlink,symlinkat';
  const cut = network ? [] : ['unshare', '--net'];
  const strace = [...cut, 'strace', '-f', '-qq', '-s', '256', '-e', `trace=${calls}`, '-o', trace];
  // Neither the variable that silences nor the one that hides the effect (CI) is there.
  const careless = { PATH: process.env['PATH']!, HOME: home, TMPDIR: temporary, ...env };
  const child = spawn(strace[0]!, [...strace.slice(1), ...argv], { env: careless, cwd: root });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise<number | null>((done) => child.once('close', done));
  try {
    const lines = readFileSync(trace, 'utf8').split('\n');
    const allowed = [temporary, ...folders, '/dev/', '/proc/self/'].map((folder) => resolve(folder));
    return {
      home: readdirSync(home, { recursive: true }) as string[],
      written: lines.flatMap(pathWritten).filter((path) => !allowed.some((folder) => path.startsWith(folder))),
      tried: lines.flatMap(addressTried),
      code,
      output,
    };
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

interface WatchOptions {
  readonly folders: readonly string[];
  /** Whether loopback is needed. */
  readonly network?: boolean;
  readonly env?: Readonly<Record<string, string>>;
}

function pathWritten(line: string): string[] {
  const opened = /\bopen(?:at)?\((?:[^,"]+, )?"([^"]*)", [^)]*(?:O_WRONLY|O_RDWR|O_CREAT)/.exec(line);
  const made = /\b(?:creat|mkdir|mkdirat|link|linkat|symlink|symlinkat|rename\w*)\(.*"([^"]*)"[^"]*\)\s*=\s*0/.exec(
    line,
  );
  const path = opened?.[1] ?? made?.[1];
  return path === undefined ? [] : [resolve(root, path)];
}

function addressTried(line: string): string[] {
  const address = /\b(?:connect|sendto)\(.*sa_family=AF_INET6?,.*?(?:inet_addr\("|inet_pton\(AF_INET6, ")([^"]+)"/.exec(
    line,
  );
  if (address === null) return [];
  return /^(127\.|::1$|::ffff:127\.)/.test(address[1]!) ? [] : [address[1]!];
}

describe.skipIf(!canTrace)('without a network and with a fresh home', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sugarbush-watched-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const quiet = { home: [], written: [], tried: [], code: 0 };

  test('control: ONNX Runtime loaded by itself leaves a device id at home', async () => {
    const session = `require('onnxruntime-node').InferenceSession.create(Buffer.from('no model'))`;
    const script = `${session}.catch(() => {}); setTimeout(() => {}, 2000)`;
    const seen = await watch([process.execPath, '-e', script], { folders: [folder] });
    expect(seen.home.join()).toMatch(/onnxruntime/i);
    expect(seen.written.length).toBeGreaterThan(0);
  });

  test('the library through core, alive for some seconds', async () => {
    const session = `(await import('#core/onnx/session.ts')).createSession(Buffer.from('no model'))`;
    const script = `await ${session}.catch(() => {}); setTimeout(() => {}, ${watchedS * 1000})`;
    expect(await watch([process.execPath, '--input-type=module', '-e', script], { folders: [] })).toMatchObject(quiet);
  });

  test('the agent: doctor, and a profile through its measuring processes', async () => {
    const bundle = await buildAgent(join(folder, 'agent'));
    const doctor = await watch([process.execPath, bundle, 'doctor', '--json'], { folders: [] });
    expect({ ...doctor, code: 0 }).toMatchObject(quiet);
    const few = ['--support-set', '3', '--max-seconds', '0.05', '--cool-down', '0.01', '--max-wait', '0.01'];
    const what = ['--search-space', 'nasbench201', '--runtime', 'onnxruntime', '--tolerance', '0.5', ...few];
    const state = join(folder, 'state');
    const out = join(state, 'profile.json.gz');
    mkdirSync(state);
    const seen = await watch([process.execPath, bundle, 'profile', ...what, '--state', state, '--out', out], {
      folders: [state],
    });
    // 3: measured, on a busy machine.
    expect({ ...seen, code: seen.code === 3 ? 0 : seen.code }, seen.output).toMatchObject(quiet);
  }, 120_000);

  test('a program that the agent starts is told too, whatever the caller says', async () => {
    const { runProgram } = await import('#agent/process/run-program.ts');
    const ended = await runProgram(['sh', '-c', 'echo $ORT_DISABLE_TELEMETRY'], {
      timeoutS: 5,
      env: { ORT_DISABLE_TELEMETRY: '0' },
    });
    expect(ended.stdout).toBe('1\n');
  });

  describe('the predict function, as it is deployed', () => {
    let deployed: BundledPredict;
    beforeAll(async () => {
      deployed = await bundledPredict();
    }, 120_000);
    afterAll(() => deployed.close());

    test('answers from its bundle, alive for some seconds', async () => {
      const event = join(folder, 'event.json');
      writeFileSync(event, JSON.stringify(deployed.event(deployed.architectures.slice(0, 1))));
      const script = `
        const { handler } = await import(process.argv[1] + '/index.mjs');
        const event = JSON.parse((await import('node:fs')).readFileSync(process.argv[2], 'utf8'));
        const reply = await handler(event, { awsRequestId: 'quiet', getRemainingTimeInMillis: () => 60_000 });
        setTimeout(() => process.exit(reply.statusCode === 200 ? 0 : 1), ${watchedS * 1000});`;
      // Even where nobody had set the variable: the loader does. The function needs the store, which is on loopback:
      // the namespace stays, the addresses are looked at.
      const { ORT_DISABLE_TELEMETRY: set, ...loud } = deployed.environment;
      const seen = await watch([process.execPath, '--input-type=module', '-e', script, deployed.codeFolder, event], {
        folders: [],
        network: true,
        env: loud,
      });
      expect(seen, seen.output).toMatchObject(quiet);
      expect(set).toBe('1');
    });
  });

  test('the command line: evaluate, which trains and predicts', async () => {
    const args = ['--search-space', 'ofa', '--steps', '4', '--repeats', '1', '--measurements', '10', '--json'];
    const seen = await watch([process.execPath, 'cli/main.ts', 'evaluate', ...args], { folders: [] });
    expect(seen, seen.output).toMatchObject(quiet);
    expect(seen.output).toContain('spearman');
  }, 120_000);
});
