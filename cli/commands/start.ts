// `sugarbush start`: the whole service on this machine, from a fresh checkout to a prediction that anyone can ask for.
import * as z from 'zod';
import { defineCommand, flag, type Values } from '#command-line/command.ts';
import { exitCodes } from '#command-line/exit-codes.ts';
import { integerBetween, listOf, text } from '#command-line/values.ts';
import { searchSpaceIds, searchSpaces } from '#core/search-space/registry.ts';
import type { SearchSpaceId } from '#core/search-space/search-space.ts';

const options = {
  state: {
    value: 'FOLDER',
    help: 'where the service keeps its data between starts',
    schema: text,
    default: '.sugarbush',
  },
  port: {
    value: 'N',
    help: 'port of the HTTP API, 0 for any free one; storage has the next one',
    schema: integerBetween(0, 65_535),
    default: '8787',
  },
  host: {
    value: 'ADDRESS',
    help:
      'IPv4 address of this machine to listen on, so that a board on the same network can use the service; 0.0.0.0 ' +
      'for all of them. Plain HTTP: in a network that you trust',
    schema: text,
    default: '127.0.0.1',
  },
  searchSpace: {
    value: 'IDS',
    help: 'the shipped tables to import: only these, as a,b',
    schema: listOf(z.enum(searchSpaceIds)).transform((ids): SearchSpaceId[] => [...new Set(ids)]),
    default: searchSpaces
      .filter((space) => space.shippedTable !== null)
      .map(({ id }) => id)
      .join(','),
  },
  train: flag('also train a predictor from these tables, and serve it in place of the shipped one'),
  steps: {
    value: 'STEPS',
    help: 'with --train: gradient steps of a fit; fewer are quicker and worse; default: what a predictor wants',
    schema: integerBetween(1, 100_000).optional(),
  },
};

export type StartOptions = Values<typeof options>;

export const startCommand = defineCommand({
  options,
  notes:
    'The first start imports the shipped tables while the service answers already; later ones find everything in ' +
    'place. Ctrl-C stops.',
  async run(given, { out, signal }) {
    const { lockState } = await import('#stack/state-lock.ts');
    const { StackError } = await import('#stack/stack-error.ts');
    const { bringUp } = await import('../start/bring-up.ts');
    const { screen } = await import('../start/screen.ts');
    const { welcome } = await import('../start/welcome.ts');
    const output = screen({ stream: process.stderr });
    const stopped = Promise.withResolvers<void>();
    const stopping = new AbortController();
    const stop = (): void => {
      output.say('\nstopping …');
      stopping.abort(new StackError('stopped'));
      stopped.resolve();
    };
    const unlock = lockState(given.state);
    try {
      signal.addEventListener('abort', stop);
      if (signal.aborted) stop();
      const startedMs = performance.now();
      const bringing = bringUp(given, { signal: stopping.signal, unlock, screen: output });
      const running = await bringing.catch((error: unknown) => {
        if (!stopping.signal.aborted) throw error;
      });
      if (running === undefined) return exitCodes.done;
      const seconds = Math.round((performance.now() - startedMs) / 1000);
      out(`${welcome({ ...running, apiUrl: running.stack.apiUrl, state: given.state, seconds })}\n`);
      const imported = running.imported.catch((error: unknown) => {
        if (!stopping.signal.aborted)
          output.say(`the import of the shipped tables failed: ${(error as Error).message}`);
      });
      await stopped.promise;
      await imported;
      await running.stack.close();
      return exitCodes.done;
    } finally {
      unlock();
    }
  },
});
