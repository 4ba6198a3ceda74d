// A script of this folder as a program: its help, its exit code, its faults in words.
import type { Command } from '#command-line/command.ts';
import { exitCodes } from '#command-line/exit-codes.ts';
import { helpOf } from '#command-line/parse-options.ts';
import { runCommand } from '#command-line/program.ts';
import { processTerminal } from '#command-line/terminal.ts';
import { DomainError } from '#core/errors.ts';

/** @param program as it is started
 * @param summary first line of its help */
export async function runScript(program: string, summary: string, command: Command): Promise<void> {
  if (process.argv.includes('--help')) {
    process.stdout.write(helpOf(program, summary, command));
    return;
  }
  try {
    process.exitCode = await runCommand(program, command, process.argv.slice(2), processTerminal());
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = error.code === 'invalid-usage' ? exitCodes.usage : exitCodes.failed;
  }
}
