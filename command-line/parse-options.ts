// From arguments to values: the library takes the line apart, zod says what each value may be.
import { type CommanderError, Command as Line, Option } from 'commander';
import { DomainError } from '#core/errors.ts';
import type { Command, OptionSpec, OptionSpecs, Values } from './command.ts';

export interface Parsed<O extends OptionSpecs> {
  readonly values: Values<O>;
  readonly operands: readonly string[];
}

/** @param env stands in where an option names a variable
 * @throws DomainError `invalid-usage` naming every option that is wrong, its value and what it allows */
export function parseOptions<O extends OptionSpecs>(
  args: readonly string[],
  command: Pick<Command<O>, 'options' | 'operands' | 'rest'>,
  env: Readonly<Record<string, string | undefined>> = {},
): Parsed<O> {
  refuseOptionsAsValues(args, command.options);
  const end = command.rest === undefined ? -1 : args.indexOf('--');
  const line = lineOf('', '', command);
  orUsage(() => line.parse(end < 0 ? [...args] : args.slice(0, end), { from: 'user' }));
  const given = line.opts<Record<string, unknown>>();
  const values: Record<string, unknown> = {};
  const wrong: string[] = [];
  for (const [key, spec] of Object.entries(command.options)) {
    const raw = rawOf(key, spec, given, env);
    const parsed = spec.schema.safeParse(raw);
    if (parsed.success) values[key] = parsed.data;
    else wrong.push(complaint(key, spec, raw, parsed.error.issues[0]!.message));
  }
  if (wrong.length > 0) throw new DomainError('invalid-usage', wrong.join('\n'));
  const operands = operandsOf(line.args, command.operands);
  return { values: values as Values<O>, operands: end < 0 ? operands : [...operands, ...args.slice(end + 1)] };
}

/** The help of one command. @param name as it is typed, `sugarbush evaluate` */
export function helpOf(name: string, summary: string, command: Command): string {
  const behind = command.rest === undefined ? '' : `\nBehind --: ${command.rest.help}\n`;
  const notes = command.notes === undefined ? behind : `${behind}\n${command.notes}\n`;
  return `${lineOf(name, summary, command).helpInformation()}${notes}`;
}

/** What the library refuses, with the nearest name where it finds one. */
export function orUsage(parse: () => unknown): void {
  try {
    parse();
  } catch (cause) {
    const { code, message } = cause as CommanderError;
    if (typeof code !== 'string' || !code.startsWith('commander.')) throw cause;
    throw new DomainError('invalid-usage', message.replace(/^error: /, '').replace(/\n/g, ' '), { cause });
  }
}

/** A line of the library that prints nothing and ends nothing by itself. */
export function quietLine(name: string, summary: string): Line {
  return new Line(name)
    .description(summary)
    .helpOption('-h, --help', 'this text')
    .exitOverride()
    .configureOutput({ writeOut: () => undefined, writeErr: () => undefined });
}

function lineOf(
  name: string,
  summary: string,
  { options, operands, rest }: Pick<Command, 'options' | 'operands' | 'rest'>,
): Line {
  const line = quietLine(name, summary).allowExcessArguments(true);
  if (rest !== undefined) line.usage(`[options] [-- ${rest.value}...]`);
  if (operands !== undefined) {
    const allowed = operands.allowed === undefined ? '' : `: ${operands.allowed.join(', ')}`;
    line.argument(`[${operands.value}...]`, `${operands.help}${allowed}`);
  }
  for (const [key, spec] of Object.entries(options)) {
    const flags = `--${kebabCase(key)}${spec.value === undefined ? '' : ` <${spec.value}>`}`;
    const option = new Option(flags, describe(spec));
    if (spec.repeatable) option.argParser<string[]>((one, before) => [...(before ?? []), one]);
    line.addOption(option);
  }
  return line;
}

function describe(spec: OptionSpec): string {
  const isRequired = spec.default === undefined && !spec.schema.safeParse(undefined).success;
  const known = [
    isRequired ? 'required' : undefined,
    spec.default === undefined ? undefined : `default ${spec.default}`,
    spec.env === undefined ? undefined : `or $${spec.env}`,
    spec.repeatable ? 'may be repeated' : undefined,
  ].filter((part) => part !== undefined);
  return known.length === 0 ? spec.help : `${spec.help} (${known.join('; ')})`;
}

/** What zod gets to see: text, the texts of a repeated option, true for a switch. */
function rawOf(
  key: string,
  spec: OptionSpec,
  given: Readonly<Record<string, unknown>>,
  env: Readonly<Record<string, string | undefined>>,
): unknown {
  // The library keeps `--no-pin` as pin: false.
  const raw = /^no[A-Z]/.test(key)
    ? given[`${key[2]!.toLowerCase()}${key.slice(3)}`] === false || undefined
    : given[key];
  return raw ?? (spec.env === undefined ? undefined : env[spec.env]) ?? spec.default;
}

function complaint(key: string, spec: OptionSpec, raw: unknown, message: string): string {
  const name = `--${kebabCase(key)}`;
  if (raw === undefined) return `${name} is missing: ${spec.help}`;
  return spec.secret ? `${name}: ${message}` : `${name} '${String(raw)}': ${message}`;
}

function operandsOf(given: readonly string[], operands: Command['operands']): string[] {
  if (operands === undefined && given.length > 0) {
    throw new DomainError('invalid-usage', `'${given[0]}' belongs to no option`);
  }
  const allowed = operands?.allowed;
  const unknown = allowed && given.find((word) => !allowed.includes(word));
  if (unknown !== undefined) {
    throw new DomainError('invalid-usage', `no ${operands!.value} '${unknown}'; there are ${allowed!.join(', ')}`);
  }
  return operands?.repeatable ? [...given] : [...new Set(given)];
}

/** `--out --json` forgot the value of --out. One that does begin with a dash is written `--out=-x`. */
function refuseOptionsAsValues(args: readonly string[], options: OptionSpecs): void {
  const taking = new Set(
    Object.entries(options).flatMap(([key, { value }]) => (value === undefined ? [] : [`--${kebabCase(key)}`])),
  );
  for (let i = 0; i < args.length && args[i] !== '--'; i++) {
    if (!taking.has(args[i]!)) continue;
    const value = args[++i];
    if (value !== undefined && /^-./.test(value)) {
      const way = `one that begins with a dash is written ${args[i - 1]}=${value}`;
      throw new DomainError('invalid-usage', `${args[i - 1]} has no value; ${way}`);
    }
  }
}

function kebabCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
