// The command line `sugarbush`. With Node 24: cli/sugarbush.mjs finds it.
import { runProgram } from '#command-line/program.ts';
import { processTerminal } from '#command-line/terminal.ts';
import { program } from './program.ts';

const code = await runProgram('sugarbush', program, process.argv.slice(2), processTerminal());
// What a command left open (a bundled function's sockets, timers of a start that failed) does not keep the process;
// what is printed is out first.
process.exitCode = code;
process.stdout.write('', () => process.exit(code));
