import { expect, test } from 'vitest';
import { defineCommand, flag } from '#command-line/command.ts';
import { type Program, runProgram } from '#command-line/program.ts';
import { DomainError } from '#core/errors.ts';

let loads: string[] = [];
const greet = defineCommand({
  options: { loud: flag('in capitals') },
  async run({ loud }, { out }) {
    out(loud ? 'HELLO' : 'hello');
    return 3;
  },
});
const broken = defineCommand({
  options: {},
  async run() {
    throw new DomainError('not-ready', 'no');
  },
});
const faulty = defineCommand({
  options: {},
  async run() {
    throw new TypeError('a fault');
  },
});
const load =
  <T>(name: string, value: T) =>
  async () => {
    loads.push(name);
    return value;
  };
const explain: Program['explain'] = (error, name) =>
  error instanceof DomainError
    ? { message: `${name}! ${error.message}`, exitCode: error.code === 'invalid-usage' ? 2 : 1 }
    : undefined;
const inner: Program = {
  version: '2',
  explain,
  entries: [{ name: 'greet', summary: 'greets', load: load('greet', greet) }],
};
const program: Program = {
  version: '1',
  explain,
  entries: [
    { name: 'broken', summary: 'refuses', load: load('broken', broken) },
    { name: 'faulty', summary: 'fails', load: load('faulty', faulty) },
    { name: 'group', summary: 'has more', load: load('group', inner) },
  ],
};

async function run(...args: string[]) {
  loads = [];
  const [out, said]: [string[], string[]] = [[], []];
  const terminal = {
    out: (text: string) => void out.push(text),
    say: (text: string) => void said.push(text),
    isTerminal: false,
    env: {},
    signal: new AbortController().signal,
  };
  const code = await runProgram('p', program, args, terminal);
  return { code, out: out.join(''), said: said.join(''), loads };
}

test('a command of a program in a program runs, and only its way there is loaded', async () => {
  expect(await run('group', 'greet', '--loud')).toEqual({ code: 3, out: 'HELLO', said: '', loads: ['group', 'greet'] });
});

test.each([[[]], [['--help']], [['-h']], [['help']]])('%j lists the commands and loads none', async (args) => {
  const ran = await run(...args);
  expect(ran).toMatchObject({ code: 0, said: '', loads: [] });
  expect(ran.out).toMatch(/^Usage: p COMMAND \[options\]\n/);
  expect(ran.out).toMatch(/broken +refuses\n +faulty +fails\n +group +has more\n/);
});

test.each([[['group', 'greet', '--help']], [['group', 'greet', '--loud', '-h']], [['help', 'group', 'greet']]])(
  '%j is the help of the command',
  async (args) => {
    const ran = await run(...args);
    expect(ran).toMatchObject({ code: 0, said: '' });
    expect(ran.out).toMatch(/^Usage: p group greet \[options\]\n\ngreets\n/);
  },
);

test('versions', async () => {
  expect(await run('--version')).toMatchObject({ code: 0, out: '1\n' });
  expect(await run('group', '--version')).toMatchObject({ code: 0, out: '2\n' });
});

test('nearest names', async () => {
  expect(await run('brocken')).toMatchObject({
    code: 2,
    out: '',
    said: "p! unknown command 'brocken' (Did you mean broken?); there are broken, faulty, group\n",
    loads: [],
  });
  expect(await run('group', 'greet', '--lout')).toMatchObject({
    code: 2,
    said: "p group! unknown option '--lout' (Did you mean --loud?)\nOptions: p group greet --help\n",
  });
  expect(await run('--verbose')).toMatchObject({ code: 2, said: expect.stringContaining("'--verbose'") });
});

test('errors end with what the program says of them, faults with their trace and 1', async () => {
  expect(await run('broken')).toEqual({ code: 1, out: '', said: 'p! no\n', loads: ['broken'] });
  expect(await run('faulty')).toMatchObject({ code: 1, said: expect.stringMatching(/TypeError: a fault\n +at /) });
});
