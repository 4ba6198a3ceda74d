// What an execution's tasks have answered so far, in a file: a stack that is started again after a kill takes the
// answers from here and calls only what had not answered. Step Functions keeps the same promise: a task that ended is
// not run again.
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import * as z from 'zod';
import { isDiskFull, sayDiskFull } from '../full-disk.ts';

const entrySchema = z.object({
  /** Hash of the state's name and its input. */
  call: z.string(),
  state: z.string(),
  output: z.unknown().optional(),
  error: z.object({ name: z.string(), cause: z.string() }).optional(),
});
type Entry = z.infer<typeof entrySchema>;

/** A task that failed, in the words of Step Functions: its name is matched by Retry and Catch. */
export class StateTaskError extends Error {
  constructor(name: string, cause: string) {
    super(cause);
    this.name = name;
  }
}

export class ExecutionJournal {
  readonly #file: string;
  #removed = false;
  /** Whether the file ends inside of a line. */
  #isCut = false;
  /** Answers from before, by call; equal calls are answered in the order in which they were made. */
  readonly #before = new Map<string, Entry[]>();

  constructor(file: string) {
    this.#file = file;
    if (!existsSync(file)) return;
    const text = readFileSync(file, 'utf8');
    this.#isCut = text !== '' && !text.endsWith('\n');
    for (const line of text.split('\n')) {
      const entry = parseLine(line);
      if (!entry) continue;
      const same = this.#before.get(entry.call) ?? [];
      this.#before.set(entry.call, [...same, entry]);
    }
  }

  /**
   * Answers from the file, or calls and writes the answer down.
   * @throws TaskError when the task failed, now or then; anything else that `call` throws is not written down
   */
  async answer(state: string, input: unknown, call: () => Promise<unknown>): Promise<unknown> {
    const key = createHash('sha256')
      .update(`${state}\0${JSON.stringify(input)}`)
      .digest('base64url');
    const known = this.#before.get(key)?.shift();
    if (known?.error) throw new StateTaskError(known.error.name, known.error.cause);
    if (known) return known.output;
    try {
      const output = await call();
      this.#write({ call: key, state, output });
      return output;
    } catch (error) {
      if (error instanceof StateTaskError) {
        this.#write({ call: key, state, error: { name: error.name, cause: error.message } });
      }
      throw error;
    }
  }

  #write(entry: Entry): void {
    if (this.#removed) return;
    try {
      appendFileSync(this.#file, `${this.#isCut ? '\n' : ''}${JSON.stringify(entry)}\n`);
      this.#isCut = false;
    } catch (error) {
      if (!isDiskFull(error)) throw error;
      this.#isCut = true;
      sayDiskFull('Tasks that end now are run again if the stack is started again meanwhile.');
    }
  }

  /** The execution has ended: answers that still come are of no use. */
  remove(): void {
    this.#removed = true;
    rmSync(this.#file, { force: true });
  }
}

/** The last line may be cut off by a kill: its task is then called again. */
function parseLine(line: string): Entry | undefined {
  try {
    return entrySchema.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}
