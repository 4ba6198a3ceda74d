// docs/architectures.md against the program: its grammars accept what the parsers accept, and its commands print what
// it says they print.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { convertCommand } from '#cli/commands/convert.ts';
import { runCommand } from '#command-line/program.ts';
import { DomainError } from '#core/errors.ts';
import { seededRandom } from '#core/random.ts';
import { architectureForms } from '#core/search-space/forms/forms.ts';
import { searchSpace, searchSpaceIds } from '#core/search-space/registry.ts';

const docs = readFileSync(new URL('../../../../../docs/architectures.md', import.meta.url), 'utf8');
const fenced = [...docs.matchAll(/^```(\w*)\n(.*?)^```/gms)].map(([, language, text]) => ({ language, text: text! }));

/** The rules of an ABNF grammar, of what this page uses: strings, names, groups, alternatives and repetitions. */
function rulesOf(grammar: string): Map<string, string> {
  const rules = new Map<string, string>();
  for (const [, name, more, body] of grammar.matchAll(/^(\w+) +=(\/?) (.+)$/gm)) {
    rules.set(name!, more ? `${rules.get(name!)} / ${body}` : body!);
  }
  return rules;
}

function pattern(body: string, rules: ReadonlyMap<string, string>): string {
  const tokens = body.match(/%s"[^"]*"|\d+\*\d+(?=\()|\d+(?=\()|[()/]|\w+/g)!;
  let repeat: string | undefined;
  const closings: string[] = [];
  return tokens
    .map((token) => {
      if (/^\d/.test(token)) repeat = `{${token.replace('*', ',')}}`;
      else if (token === '(') {
        closings.push(`)${repeat ?? ''}`);
        repeat = undefined;
        return '(?:';
      } else if (token === ')') return closings.pop()!;
      else if (token === '/') return '|';
      else if (token.startsWith('%s')) return token.slice(3, -1).replace(/[|+.]/g, '\\$&');
      else return `(?:${pattern(rules.get(token)!, rules)})`;
      return '';
    })
    .join('');
}

test.each(searchSpaceIds)('the grammar of %s is its parser’s', (id) => {
  const rules = rulesOf(fenced.find(({ language }) => language === 'abnf')!.text);
  const grammar = new RegExp(`^(?:${pattern(rules.get(id)!, rules)})$`);
  const space = searchSpace(id);
  const random = seededRandom(11);
  for (let i = 0; i < 500; i++) {
    const text = space.format(space.sample(random));
    expect(text).toMatch(grammar);
    const at = random.integer(text.length);
    const changed = text.slice(0, at) + '013567_+|-,k~'[random.integer(13)] + text.slice(at + random.integer(2));
    let isParsed = true;
    try {
      space.parse(changed);
    } catch (error) {
      expect(error).toBeInstanceOf(DomainError);
      isParsed = false;
    }
    expect(grammar.test(changed), changed).toBe(isParsed);
  }
  expect(docs).toContain(`\`${space.id}\` | \``);
});

test('every form has its row', () => {
  const rows = docs.slice(docs.indexOf('## From and to'));
  for (const id of searchSpaceIds) {
    for (const { name } of architectureForms(id).slice(1))
      expect(rows).toMatch(new RegExp(`^\\|.*\\| \`${name}\``, 'm'));
  }
});

test.each([
  [
    ['--architecture', '0', '--architecture', '99999'],
    /^invalid-architecture --architecture 2: .*the index is "99999"/,
  ],
  [[], /^invalid-usage give --architecture VALUE or --data FILE/],
  [['--architecture', '0', '--to', 'darts'], /^invalid-usage 'darts' is no form of nasbench201; allowed: text, index/],
  [['--data', '/none'], /^invalid-usage --data \/none: no such file/],
])('the command refuses %j and says where', async (more, message) => {
  const args = ['--search-space', 'nasbench201', '--from', 'index', ...more];
  const terminal = { out() {}, say() {}, isTerminal: false, env: {}, signal: new AbortController().signal };
  const error = await runCommand('sugarbush convert', convertCommand, args, terminal).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(DomainError);
  expect(`${(error as DomainError).code} ${(error as DomainError).message}`).toMatch(message);
});

test('its commands print what it says', async () => {
  const at = fenced.findIndex(({ text }) => text.startsWith('npx sugarbush convert'));
  let printed = '';
  const terminal = {
    out: (text: string) => {
      printed += text;
    },
    say() {},
    isTerminal: false,
    env: {},
    signal: new AbortController().signal,
  };
  for (const line of fenced[at]!.text.trimEnd().split('\n')) {
    const args = [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([, a, b, c]) => a ?? b ?? c!);
    expect(await runCommand('sugarbush convert', convertCommand, args.slice(3), terminal)).toBe(0);
  }
  expect(printed).toBe(fenced[at + 1]!.text);
});
