#!/usr/bin/env node
// The device agent as a program of its own, and the process that measures for it.
import { runProgram } from '#command-line/program.ts';
import { processTerminal } from '#command-line/terminal.ts';
import { agentProgram } from './program.ts';
import { runWorker } from './worker/worker.ts';

if (process.argv[2] === 'measure-worker') await runWorker();
else {
  process.exitCode = await runProgram('sugarbush-agent', agentProgram, process.argv.slice(2), processTerminal());
}
