// What has been measured so far, a line each, beside the profile that is being made: a measurement of an hour that is
// cut off goes on where it was. Lines of another target, program or setting are not taken, nor what was left for long:
// the device may have changed since.
import { appendFileSync, existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { cannotWrite } from '../upload/atomic-file.ts';

export interface Journal<T> {
  get(key: string): T | undefined;
  /** On disk before it returns; a line that a crash cut off is not read again. */
  put(key: string, value: T): void;
  remove(): void;
  /** Why nothing of a file that was there is taken. */
  readonly passedOver?: { readonly identity: string } | 'old';
}

/** After which a measurement that was cut off begins anew. */
const longestPauseMs = 86_400_000;

/** @param identity everything that a result depends on besides its key
 * @param parse throws or gives undefined for a value that is not one */
export function openJournal<T>(file: string, identity: string, parse: (value: unknown) => T | undefined): Journal<T> {
  const values = new Map<string, T>();
  let passedOver: Journal<T>['passedOver'];
  if (existsSync(file) && Date.now() - statSync(file).mtimeMs > longestPauseMs) {
    rmSync(file);
    passedOver = 'old';
  }
  if (existsSync(file)) {
    for (const line of readFileSync(file, 'utf8').split('\n')) {
      const entry = readLine(line);
      if (entry === undefined) continue;
      if (entry[0] !== identity) {
        passedOver = { identity: entry[0] };
        continue;
      }
      const value = parse(entry[2]);
      if (value !== undefined) values.set(entry[1], value);
    }
    // A torn last line must not swallow the next one.
    append(file, '\n');
  }
  return {
    get: (key) => values.get(key),
    put(key, value) {
      values.set(key, value);
      append(file, `${JSON.stringify([identity, key, value])}\n`);
    },
    remove: () => rmSync(file, { force: true }),
    ...(passedOver === undefined || values.size > 0 ? {} : { passedOver }),
  };
}

function append(file: string, line: string): void {
  try {
    appendFileSync(file, line, { flush: true });
  } catch (cause) {
    throw cannotWrite(file, cause);
  }
}

function readLine(line: string): [string, string, unknown] | undefined {
  try {
    const entry: unknown = JSON.parse(line);
    if (!Array.isArray(entry) || entry.length !== 3) return undefined;
    const [identity, key] = entry as unknown[];
    return typeof identity === 'string' && typeof key === 'string' ? [identity, key, entry[2]] : undefined;
  } catch {
    return undefined;
  }
}
