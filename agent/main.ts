#!/usr/bin/env node
// The device agent's command line: which command, what it prints where, how it ends.
import { DomainError } from '#core/errors.ts';
import { type CommandSpec, helpText } from './command-line.ts';
import { doctor, doctorSpec } from './commands/doctor.ts';
import { models, modelsSpec } from './commands/models.ts';
import { profile, profileSpec } from './commands/profile.ts';
import { run, runSpec } from './commands/run.ts';
import type { Terminal } from './commands/terminal.ts';
import { upload, uploadSpec } from './commands/upload.ts';
import { type ExitCode, exitCodeOf, exitCodes } from './exit-codes.ts';
import { agentVersion } from './version.ts';
import { runWorker } from './worker/worker.ts';

interface Command {
  readonly spec: CommandSpec;
  run(args: readonly string[], terminal: Terminal): Promise<ExitCode>;
}

const program = 'sugarbush-agent';
const commands: Readonly<Record<string, Command>> = {
  doctor: { spec: doctorSpec, run: doctor },
  profile: { spec: profileSpec, run: profile },
  upload: { spec: uploadSpec, run: upload },
  run: { spec: runSpec, run },
  models: { spec: modelsSpec, run: models },
};

async function main(args: readonly string[]): Promise<ExitCode> {
  const [name = '--help', ...rest] = args;
  if (name === '--version') {
    process.stdout.write(`${agentVersion}\n`);
    return exitCodes.ok;
  }
  if (name === '--help' || name === 'help') {
    const rows = Object.entries(commands).map(([command, { spec }]) => `  ${command.padEnd(8)} ${spec.summary}\n`);
    process.stdout.write(
      `usage: ${program} COMMAND [options]\n\n${rows.join('')}\nOptions of a command: ${program} COMMAND --help\n`,
    );
    return exitCodes.ok;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) {
    throw new DomainError('invalid-usage', `no command '${name}'; there are: ${Object.keys(commands).join(', ')}`);
  }
  if (rest.includes('--help')) {
    process.stdout.write(helpText(program, name, command.spec));
    return exitCodes.ok;
  }
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  return await command.run(rest, {
    out: (text) => void process.stdout.write(text),
    say: (text) => void process.stderr.write(text),
    isTerminal: process.stderr.isTTY === true,
    env: process.env,
    signal: stop.signal,
  });
}

/** One line for what the person can act on; the whole trace only for a fault of the agent. */
function fail(error: unknown): ExitCode {
  if (error instanceof DomainError) {
    process.stderr.write(`${program}: ${error.message}\n`);
    return exitCodeOf(error);
  }
  if (error instanceof Error && error.name === 'AbortError') {
    process.stderr.write(`${program}: stopped\n`);
    return exitCodes.stopped;
  }
  process.stderr.write(`${program}: ${error instanceof Error ? error.stack : String(error)}\n`);
  return exitCodes.internal;
}

if (process.argv[2] === 'measure-worker') await runWorker();
else process.exitCode = await main(process.argv.slice(2)).catch(fail);
