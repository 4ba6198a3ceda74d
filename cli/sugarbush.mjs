#!/usr/bin/env node
// What `npx sugarbush` starts, on whatever Node there is: the command line wants Node 24, which the package brings
// along (node_modules/.bin/node), and goes on there where this one is older.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const wanted = 24;
const main = new URL('./main.ts', import.meta.url);

if (Number(process.versions.node.split('.')[0]) >= wanted) await import(main.href);
else await goOn();

async function goOn() {
  const own = ['../node_modules/.bin/node', '../node_modules/node/bin/node']
    .map((path) => fileURLToPath(new URL(path, import.meta.url)))
    .find((path) => existsSync(path));
  if (own === undefined) {
    process.stderr.write(
      `sugarbush: Node ${process.versions.node} is too old and the package's own Node ${wanted} is not installed; ` +
        `run \`npm ci\` in ${fileURLToPath(new URL('..', import.meta.url))}, or install Node ${wanted}\n`,
    );
    process.exitCode = 1;
    return;
  }
  const child = spawn(own, [fileURLToPath(main), ...process.argv.slice(2)], { stdio: 'inherit' });
  // A terminal's Ctrl-C has reached the child already; a kill of this process has not.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  const [code, signal] = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (...ended) => resolve(ended));
  });
  process.exitCode = code ?? 128 + constants.signals[signal];
}
