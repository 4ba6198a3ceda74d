// How a command is declared: its options with what they mean and what they may be, and what it does with them. Help,
// parsing and defaults all come from this one table.
import * as z from 'zod';
import type { Terminal } from './terminal.ts';

export interface OptionSpec<T = unknown> {
  /** What stands for the value in the help, with its unit: `MS`, `FILE`. Absent: the option is a switch. */
  readonly value?: string;
  readonly help: string;
  /** Reads the text given, all of them where the option may be repeated, or undefined where it is not given.
   * An option whose schema refuses undefined, without `default`, is required. */
  readonly schema: z.ZodType<T>;
  /** As it would be written on the command line; it goes through the schema too. */
  readonly default?: string;
  /** An environment variable that stands in. */
  readonly env?: string;
  /** It may be given several times. */
  readonly repeatable?: boolean;
  /** Its value is shown in no message. */
  readonly secret?: boolean;
}

/** By camelCase names: `searchSpace` is `--search-space`. */
export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

/** What the options of a table hold once they are parsed. */
export type Values<O extends OptionSpecs> = { readonly [K in keyof O]: z.output<O[K]['schema']> };

export interface Command<O extends OptionSpecs = OptionSpecs> {
  readonly options: O;
  /** Words without dashes; any where `allowed` is absent. Absent: there are none. */
  readonly operands?: {
    readonly value: string;
    readonly help: string;
    readonly allowed?: readonly string[];
    /** Whether `run` gets repetitions too. */
    readonly repeatable?: true;
  };
  /** Words behind `--`, which are taken as they are, repetitions too; `run` gets them as operands. Absent: there are
   * none. */
  readonly rest?: { readonly value: string; readonly help: string };
  /** Shown below the options. */
  readonly notes?: string;
  /** @param operands without repetitions, in the order given
   * @returns the exit code
   * @throws DomainError `invalid-usage` for options that do not go together */
  run(values: Values<O>, terminal: Terminal, operands: readonly string[]): Promise<number>;
}

/** Ties the types of `run` to those of the options. */
export const defineCommand = <O extends OptionSpecs>(command: Command<O>): Command<O> => command;

/** A switch: false unless it is given. */
export const flag = (help: string): OptionSpec<boolean> => ({ help, schema: z.boolean().default(false) });

export const jsonFlag = flag('one JSON object on standard output, and nothing else there');
