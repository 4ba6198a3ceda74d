// Records what a command says of its progress, and when: a trace for test/fixtures/progress-traces, which
// time-left-traces.test.ts replays. What it prints on its standard output is its end, also of one that goes on serving,
// which is then stopped. `node scripts/record-progress.ts FILE COMMAND [ARGUMENT …]`
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const [file, command, ...args] = process.argv.slice(2);
if (file === undefined || command === undefined) throw new Error('a FILE and a COMMAND are needed');

const startedMs = performance.now();
const atS = (): number => Number(((performance.now() - startedMs) / 1000).toFixed(2));
const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
let endS: number | undefined;
child.stdout.on('data', (text: Buffer) => {
  process.stdout.write(text);
  endS ??= atS();
  setTimeout(() => child.kill('SIGINT'), 5000).unref();
});
const lines: [number, string][] = [];
createInterface(child.stderr).on('line', (line) => {
  process.stderr.write(`${line}\n`);
  // Only what says how far it is.
  if (/\d+\/\d+|\d+ of \d+|\d+ %/.test(line)) lines.push([atS(), line]);
});
const [code] = (await once(child, 'close')) as [number | null];
const trace = { command: [command, ...args].join(' '), code, endS: endS ?? atS(), lines };
const each = lines.map((line) => `  ${JSON.stringify(line)}`).join(',\n');
writeFileSync(file, `${JSON.stringify({ ...trace, lines: [] }, null, 1).replace('[]', `[\n${each}\n ]`)}\n`);
process.exitCode = code ?? 1;
