// The command line: each command's options with their meaning, parsed by Node and checked by zod. The help text is made
// from the same table, so that it cannot lag behind.
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { DomainError } from '#core/errors.ts';

export interface Option {
  /** Shown after the name; absent: the option is a switch. */
  readonly value?: string;
  readonly help: string;
}

export interface CommandSpec {
  readonly summary: string;
  readonly options: Readonly<Record<string, Option>>;
}

/** @returns the given options by their camelCase names. @throws DomainError `invalid-usage` */
export function parseOptions<T>(args: readonly string[], spec: CommandSpec, schema: z.ZodType<T>): T {
  const options = Object.fromEntries(
    Object.entries(spec.options).map(([name, option]) => [
      name,
      { type: option.value === undefined ? ('boolean' as const) : ('string' as const) },
    ]),
  );
  let values: Record<string, unknown>;
  try {
    ({ values } = parseArgs({ args: [...args], options, strict: true, allowPositionals: false }));
  } catch (cause) {
    throw new DomainError('invalid-usage', cause instanceof Error ? cause.message : String(cause), { cause });
  }
  const named = Object.fromEntries(Object.entries(values).map(([name, value]) => [camelCase(name), value]));
  const parsed = schema.safeParse(named);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const name = kebabCase(String(issue!.path[0] ?? ''));
  const given = named[camelCase(name)];
  const shown = given === undefined ? 'is missing' : `'${String(given)}'`;
  throw new DomainError('invalid-usage', `--${name} ${shown}: ${issue!.message}`);
}

export function helpText(program: string, name: string, spec: CommandSpec): string {
  const rows = Object.entries(spec.options).map(([option, { value, help }]) => [
    `--${option}${value === undefined ? '' : ` ${value}`}`,
    help,
  ]);
  const width = Math.max(0, ...rows.map(([left]) => left!.length));
  const lines = rows.map(([left, help]) => `  ${left!.padEnd(width)}  ${help}`);
  return `${program} ${name}: ${spec.summary}\n\n${lines.join('\n')}\n`;
}

// Values of options, which are text. `.optional()` and `.default()` come on top.
export const positiveInteger = z
  .string()
  .regex(/^[1-9]\d{0,6}$/, 'a whole number from 1')
  .transform(Number);
export const wholeNumber = z
  .string()
  .regex(/^\d{1,9}$/, 'a whole number from 0')
  .transform(Number);
export const positiveNumber = z
  .string()
  .regex(/^\d{1,9}(\.\d+)?$/, 'a number such as 0.5')
  .transform(Number)
  .refine((value) => value > 0, 'above 0');

function camelCase(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function kebabCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
