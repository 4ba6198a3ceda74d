// Measures targets one after the other, each in a session of its own: the agent's operators, networks of three search
// spaces and models of the zoo, and a tenth of them at the start and at the end, too. Several of these programs may run
// at once on disjoint processors (--cpus). A part is measured between two looks at a canary: what was measured while the
// machine was slow is thrown away and measured again. What is measured is kept and not measured again.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { defineCommand, type Values } from '#command-line/command.ts';
import { exitCodes } from '#command-line/exit-codes.ts';
import type { Terminal } from '#command-line/terminal.ts';
import { list as listed, positiveInteger, positiveNumber, text, wholeNumber } from '#command-line/values.ts';
import { DomainError } from '#core/errors.ts';
import { randomWeights, readZoo, zooModelBytes } from '#scripts/zoo-models.ts';
import { isFast, type MachineCanary, untilFast } from './canary.ts';
import { runScript } from './run-script.ts';
import { expectedMs, type Timed } from './session-clock.ts';
import { type SessionPart, sessionParts } from './session-parts.ts';
import { type FleetTarget, fleetTargets } from './targets.ts';
import { zooChoice } from './zoo-choice.ts';

const program = 'node data/fleet/measuring/measure-session.ts';
const root = new URL('../../../', import.meta.url);

const options = {
  targets: { value: 'NAMES', help: 'as a,b: of targets.ts, or of --commands', schema: listed },
  commands: { value: 'FILE', help: 'further targets, JSON: [{"name": …, "options": […]}, …]', schema: text.optional() },
  agent: { value: 'FILE', help: 'the built agent (scripts/build-agent.ts)', schema: text },
  out: { value: 'FOLDER', help: 'a folder a target is made there', schema: text },
  zooFile: {
    value: 'FILE',
    help: 'graphs of the zoo',
    schema: text,
    default: fileURLToPath(new URL('data/zoo/graphs.jsonl.gz', root)),
  },
  zooFolder: { value: 'FOLDER', help: 'where models of the zoo are written as ONNX', schema: text },
  cpus: { value: 'LIST', help: 'processors, as taskset takes them; default: all', schema: text.optional() },
  seconds: { value: 'S', help: 'longest session of one target', schema: positiveNumber, default: '3600' },
  maxSeconds: { value: 'S', help: 'longest sampling of one network', schema: positiveNumber, default: '0.6' },
  tolerance: { value: 'FRACTION', help: '95 % interval, relative', schema: positiveNumber, default: '0.02' },
  cells: { value: 'N', help: 'networks of NAS-Bench-201', schema: wholeNumber, default: '50' },
  mobile: { value: 'N', help: 'networks of FBNet, and of Once-for-All', schema: wholeNumber, default: '20' },
  zoo: { value: 'N', help: 'models of the zoo', schema: wholeNumber, default: '30' },
  rounds: { value: 'N', help: 'into which they are cut', schema: positiveInteger, default: '5' },
  repeats: { value: 'N', help: 'of each kind, at the start and the end', schema: wholeNumber, default: '3' },
  slower: { value: 'FRACTION', help: 'than its best the canary may run', schema: positiveNumber, default: '0.05' },
  seed: { value: 'N', help: 'of networks and weights', schema: wholeNumber, default: '1' },
};
type Given = Values<typeof options>;

const targetSchema = z.strictObject({ name: z.string(), options: z.array(z.string()) });

async function measureSessions(given: Given, terminal: Terminal): Promise<number> {
  const further =
    given.commands === undefined ? [] : z.array(targetSchema).parse(JSON.parse(readFileSync(given.commands, 'utf8')));
  const known = [...further, ...fleetTargets];
  const wanted = given.targets.map((name) => {
    const target = known.find((candidate) => candidate.name === name);
    if (target !== undefined) return target;
    throw new DomainError('invalid-usage', `no target '${name}'; there are ${known.map((t) => t.name).join(', ')}`);
  });
  const zoo = writeZoo(given);
  for (const target of wanted) await session(target, given, sessionParts(given, zoo), terminal);
  return exitCodes.done;
}

/** @returns paths, in the order of zooChoice; files of another session are used as they are */
function writeZoo({ zoo: count, zooFile, zooFolder, seed }: Given): string[] {
  mkdirSync(zooFolder, { recursive: true });
  const names = [...new Set([...zooChoice.slice(0, count), canaryModel])];
  const paths = names.map((name) => resolve(zooFolder, `${name}.onnx`));
  if (paths.every(existsSync)) return paths.slice(0, count);
  const graphs = new Map(readZoo(zooFile).map((graph) => [graph.name, graph]));
  for (const [at, name] of names.entries()) {
    const graph = graphs.get(name);
    if (graph === undefined) throw new DomainError('invalid-usage', `--zoo-file ${zooFile} has no model ${name}`);
    // Another session beside this one may look for the same file.
    const unfinished = `${paths[at]}.${process.pid}`;
    writeFileSync(unfinished, zooModelBytes(graph, randomWeights(seed)));
    renameSync(unfinished, paths[at]!);
  }
  return paths.slice(0, count);
}

async function session(
  target: FleetTarget,
  given: Given,
  parts: readonly SessionPart[],
  terminal: Terminal,
): Promise<void> {
  const folder = join(resolve(given.out), target.name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'command.txt'), `${commandOf(given)}\n`);
  const canary = canaryOf(given);
  const endMs = performance.now() + given.seconds * 1000;
  const done: Timed[] = [];
  const last = parts.at(-1)!;
  for (const part of parts) {
    const file = join(folder, `${part.name}.json.gz`);
    for (let tries = 1; !existsSync(file); tries++) {
      const leftMs = endMs - performance.now();
      const reservedMs = part === last ? 0 : expectedMs(last.count, done);
      const hasTime = part === last || leftMs - reservedMs >= expectedMs(part.count, done);
      if (tries > mostTries || !hasTime || !(await untilFast(canary, endMs - reservedMs))) {
        terminal.say(`${target.name} ${part.name}: left out, ${hasTime ? 'the machine is slow' : 'no time'}\n`);
        break;
      }
      const startMs = performance.now();
      const said = runAgent(target, part, file, given, endMs - startMs);
      const tookMs = performance.now() - startMs;
      const isKept = existsSync(file) && isFast(canary);
      if (isKept) done.push({ count: part.count, tookMs });
      else rmSync(file, { force: true });
      const then = isKept ? said : `${said}, again`;
      terminal.say(`${target.name} ${part.name}: ${part.count} in ${(tookMs / 1000).toFixed(1)} s, ${then}\n`);
    }
  }
}

/** Of one part. */
const mostTries = 4;

function canaryOf({ zooFolder, out, cpus, slower }: Given): MachineCanary {
  const pin = pinOf(cpus);
  const bestFile = join(resolve(out), `canary-${cpus ?? 'all'}.txt`);
  return { model: resolve(zooFolder, `${canaryModel}.onnx`), bestFile, pin, limit: slower };
}

const canaryModel = 'resnet10t';
const pinOf = (cpus: string | undefined): string[] => (cpus === undefined ? [] : ['taskset', '-c', cpus]);

/** What decides about the numbers, without paths and without the target. */
function commandOf(given: Given): string {
  const names = [
    'seconds',
    'maxSeconds',
    'tolerance',
    'cells',
    'mobile',
    'zoo',
    'rounds',
    'repeats',
    'slower',
    'seed',
  ] as const;
  const words = names.map((name) => `--${name.replace('S', '-s')} ${given[name]}`);
  return [program, ...words].join(' ');
}

/** @returns how it ended, in words */
function runAgent(target: FleetTarget, part: SessionPart, file: string, given: Given, leftMs: number): string {
  const pin = pinOf(given.cpus);
  const how = ['--max-seconds', String(given.maxSeconds), '--tolerance', String(given.tolerance)];
  // Targets beside this one keep their own processors busy: nobody is waited for.
  const alone = ['--cool-down', '0.02', '--max-wait', '0.02'];
  const where = ['--out', file, '--state', join(given.out, 'state')];
  const argv = [process.execPath, resolve(given.agent), 'profile', ...part.options, ...target.options];
  const [command, ...words] = [...pin, ...argv, ...how, ...alone, ...where];
  const { status, signal, stderr } = spawnSync(command!, words, {
    timeout: Math.max(1000, Math.round(leftMs)),
    killSignal: 'SIGINT',
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  writeFileSync(file.replace('.json.gz', '.log'), stderr ?? '');
  if (signal !== null || status === 130) return 'stopped';
  return status === 0 || status === 3 ? 'measured' : `exit code ${status}: ${stderr.trim().split('\n').at(-1)}`;
}

const command = defineCommand({ options, run: measureSessions });
await runScript(program, 'measures targets of a fleet', command);
