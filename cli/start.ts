// `npm start`: the whole service on this machine, from a fresh checkout to a prediction that anyone can ask for.
import { DomainError } from '#core/errors.ts';
import { closeOnSignal } from '#stack/close-on-signal.ts';
import { StackError } from '#stack/stack-error.ts';
import { lockState } from '#stack/state-lock.ts';
import { bringUp } from './start/bring-up.ts';
import { parseStartOptions, usage } from './start/options.ts';
import { screen } from './start/screen.ts';
import { welcome } from './start/welcome.ts';

async function main(): Promise<void> {
  const options = parseStartOptions(process.argv.slice(2));
  if (!options) return console.log(usage);
  const output = screen({ stream: process.stdout });
  const unlock = lockState(options.state);
  const stopping = new AbortController();
  const startedMs = performance.now();
  const started = bringUp(options, { signal: stopping.signal, unlock, screen: output });
  const close = async (): Promise<void> => {
    stopping.abort(new StackError('stopped'));
    const running = await started.catch(() => undefined);
    await running?.stack.close();
    unlock();
  };
  closeOnSignal(close, output.say);
  try {
    const running = await started;
    const seconds = Math.round((performance.now() - startedMs) / 1000);
    output.say(welcome({ ...running, apiUrl: running.stack.apiUrl, state: options.state, seconds }));
  } catch (error) {
    // Stopped by a signal: `close` goes on and ends the process.
    if (stopping.signal.aborted) return;
    await close();
    throw error;
  }
}

try {
  await main();
} catch (error) {
  if (error instanceof StackError) console.error(error.message);
  else if (error instanceof DomainError) console.error(`${error.code}: ${error.message}`);
  else console.error(error);
  process.exit(1);
}
