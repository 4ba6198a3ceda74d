// `sugarbush convert`: architectures from the forms of other tools to the text that the service takes, and back.
import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { defineCommand, jsonFlag } from '#command-line/command.ts';
import { exitCodes } from '#command-line/exit-codes.ts';
import { text } from '#command-line/values.ts';
import { DomainError } from '#core/errors.ts';
import { architectureForms } from '#core/search-space/forms/forms.ts';
import { searchSpaceIds } from '#core/search-space/registry.ts';
import { whyUnreadable } from '../why-unreadable.ts';

const options = {
  searchSpace: { value: 'ID', help: searchSpaceIds.join(', '), schema: z.enum(searchSpaceIds) },
  from: { value: 'FORM', help: 'the form in which they are given, as listed below', schema: text, default: 'text' },
  to: { value: 'FORM', help: 'the form in which they are printed', schema: text, default: 'text' },
  architecture: {
    value: 'VALUE',
    help: 'one architecture; may be repeated',
    schema: z.array(z.string()).default([]),
    repeatable: true,
  },
  data: { value: 'FILE', help: 'one architecture a line; - reads standard input', schema: text.optional() },
  json: jsonFlag,
};

const notes = searchSpaceIds
  .flatMap((id) => [`Forms of ${id}:`, ...architectureForms(id).map(({ name, of }) => `  ${name}: ${of}`)])
  .join('\n');

export const convertCommand = defineCommand({
  options,
  notes,
  async run({ searchSpace, from, to, architecture, data, json }, { out }) {
    const { convertArchitectures } = await import('#client/convert-architectures.ts');
    const named = architecture.map((value, i) => ({ value, where: `--architecture ${i + 1}` }));
    const given = [...named, ...(data === undefined ? [] : linesOf(data))];
    if (given.length === 0) throw new DomainError('invalid-usage', 'give --architecture VALUE or --data FILE');
    for (const name of [from, to]) mustBeForm(searchSpace, name);
    const architectures = given.map(({ value, where }) => {
      try {
        return convertArchitectures([value], { searchSpace, from, to })[0];
      } catch (cause) {
        if (!(cause instanceof DomainError)) throw cause;
        throw new DomainError(cause.code, `${where}: ${cause.issues[0]!.message}`, { cause });
      }
    });
    if (json) out(`${JSON.stringify({ architectures })}\n`);
    else for (const each of architectures) out(`${typeof each === 'string' ? each : JSON.stringify(each)}\n`);
    return exitCodes.done;
  },
});

function mustBeForm(id: (typeof searchSpaceIds)[number], name: string): void {
  const names = architectureForms(id).map((form) => form.name);
  if (names.includes(name)) return;
  throw new DomainError('invalid-usage', `'${name}' is no form of ${id}; allowed: ${names.join(', ')}`);
}

/** Lines that are not empty, and where they stand. */
function linesOf(file: string): { value: string; where: string }[] {
  try {
    const lines = readFileSync(file === '-' ? 0 : file, 'utf8').split(/\r?\n/);
    const all = lines.map((value, i) => ({ value, where: `${file === '-' ? 'standard input' : file}, line ${i + 1}` }));
    return all.filter(({ value }) => value.trim() !== '');
  } catch (cause) {
    throw new DomainError('invalid-usage', `--data ${file}: ${whyUnreadable(cause)}`, { cause });
  }
}
