// A program of several commands: which one is meant, its help, and how the process ends. A command is loaded when it is
// asked for, so that nobody waits for what others need.
import { DomainError } from '#core/errors.ts';
import type { Command } from './command.ts';
import { exitCodes } from './exit-codes.ts';
import { helpOf, orUsage, parseOptions, quietLine } from './parse-options.ts';
import type { Terminal } from './terminal.ts';

export interface Entry {
  readonly name: string;
  readonly summary: string;
  /** A command, or a program with commands of its own. */
  load(): Promise<Command | Program>;
}

export interface Program {
  readonly entries: readonly Entry[];
  readonly version: string;
  /** How an error of its commands is told and ends the process; undefined: it is a fault, shown with its trace. */
  explain(error: unknown, name: string): { readonly message: string; readonly exitCode: number } | undefined;
}

/** Runs what the arguments ask for. Never rejects.
 * @param name of the program, as it is typed
 * @returns the exit code */
export async function runProgram(
  name: string,
  program: Program,
  args: readonly string[],
  terminal: Terminal,
): Promise<number> {
  const [first = '--help', ...rest] = args;
  // `help evaluate` is `evaluate --help`.
  if (first === 'help' && rest.length > 0) return runProgram(name, program, [...rest, '--help'], terminal);
  try {
    if (first === '--version') {
      terminal.out(`${program.version}\n`);
      return exitCodes.done;
    }
    if (['--help', '-h', 'help'].includes(first)) {
      terminal.out(programHelp(name, program));
      return exitCodes.done;
    }
    const entry = program.entries.find((each) => each.name === first) ?? refuse(name, program, args);
    const loaded = await entry.load();
    const own = `${name} ${entry.name}`;
    if ('entries' in loaded) return await runProgram(own, loaded, rest, terminal);
    if (asksForHelp(rest)) {
      terminal.out(helpOf(own, entry.summary, loaded));
      return exitCodes.done;
    }
    return await runCommand(own, loaded, rest, terminal);
  } catch (error) {
    const told = program.explain(error, name);
    terminal.say(`${told?.message ?? `${name}: ${error instanceof Error ? error.stack : String(error)}`}\n`);
    return told?.exitCode ?? exitCodes.failed;
  }
}

/** @param name as it is typed, for the hint where to read on
 * @throws DomainError `invalid-usage`, and what the command itself throws */
export async function runCommand(
  name: string,
  command: Command,
  args: readonly string[],
  terminal: Terminal,
): Promise<number> {
  let parsed: ReturnType<typeof parseOptions>;
  try {
    parsed = parseOptions(args, command, terminal.env);
  } catch (cause) {
    if (!(cause instanceof DomainError)) throw cause;
    throw new DomainError(cause.code, `${cause.message}\nOptions: ${name} --help`, { cause });
  }
  return await command.run(parsed.values, terminal, parsed.operands);
}

/** The help of a whole program: how it is called, and each of its commands with its summary. */
export function programHelp(name: string, { entries }: Program): string {
  const line = entriesLine(name).usage('COMMAND [options]');
  for (const { name: entry, summary } of entries) line.command(entry).description(summary).usage(' ');
  return `${line.helpInformation()}\nOptions of a command: ${name} COMMAND --help\n`;
}

const asksForHelp = (args: readonly string[]): boolean => {
  const end = args.indexOf('--');
  return args.slice(0, end < 0 ? undefined : end).some((arg) => arg === '--help' || arg === '-h');
};

/** Without the library's own command `help`, which would load nothing. */
function entriesLine(name: string): ReturnType<typeof quietLine> {
  return quietLine(name, '').configureHelp({ visibleCommands: ({ commands }) => [...commands] });
}

/** Lets the library look for the nearest name. */
function refuse(name: string, { entries }: Program, args: readonly string[]): never {
  const line = entriesLine(name);
  for (const { name: entry } of entries) line.command(entry);
  try {
    orUsage(() => line.parse(args.slice(0, 1), { from: 'user' }));
  } catch (cause) {
    if (!(cause instanceof DomainError)) throw cause;
    const there = entries.map((entry) => entry.name).join(', ');
    throw new DomainError(cause.code, `${cause.message}; there are ${there}`, { cause });
  }
  throw new DomainError('invalid-usage', `'${args[0]}' is no command`);
}
