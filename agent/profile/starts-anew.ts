// Why a measurement that was cut off does not go on where it was: what is different now, in words. Pure.
import { jsonOrUndefined } from '../json-or-undefined.ts';

/** Words for what people know by another name than it has in an identity; the first that begins a path counts. */
const words: readonly (readonly [string, string])[] = [
  ['target.hardware.accelerator', 'accelerator'],
  ['target.hardware', 'device'],
  ['target.runtime.name', 'runtime'],
  ['target.runtime.version', 'version of the runtime'],
  ['target.runtime.executionProvider', 'execution provider'],
  ['target.runtime.settings.', ''],
  ['target.precision', 'precision'],
  ['program', 'program'],
  ['clocks.governor', 'frequency governor'],
  ['clocks.turbo', 'turbo'],
  ['clocks.mostMhz', 'highest clock, MHz'],
  ['rule', 'rule of sampling'],
  ['rawSamples', '--raw-samples'],
  ['kernelTimes', '--kernel-times'],
  ['counting', 'counting'],
  ['seed', '--seed'],
];

/** Which facts of one identity (canonical JSON) are others in another, such as `version of the runtime 2.1, was 2.0`;
 * at most five. Total: of what is no identity of this agent it says so. */
export function whatDiffers(now: string, then: string): string[] {
  const [later, earlier] = [now, then].map(leaves);
  if (later === undefined || earlier === undefined) return ['another version of the agent'];
  const paths = new Set([...later.keys(), ...earlier.keys()]);
  const told = [...paths]
    .filter((path) => later.get(path) !== earlier.get(path))
    .map((path) => {
      const name = nameOf(path);
      // Digests say nothing to anybody.
      if (name === 'program') return 'another program, or another script or argument of it';
      return `${name} ${later.get(path) ?? 'not known'}, was ${earlier.get(path) ?? 'not known'}`;
    });
  return [...new Set(told)].slice(0, 5);
}

function nameOf(path: string): string {
  const [begin, word] = words.find(([prefix]) => path.startsWith(prefix)) ?? ['', ''];
  return word === '' ? path.slice(begin.length) : word;
}

/** Every value of an object, by its path; lists are values. */
function leaves(text: string): Map<string, string> | undefined {
  const value = jsonOrUndefined(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const found = new Map<string, string>();
  const walk = (path: string, each: unknown): void => {
    if (typeof each !== 'object' || each === null || Array.isArray(each)) {
      if (each !== null) found.set(path, typeof each === 'string' ? each : JSON.stringify(each));
      return;
    }
    for (const [key, inner] of Object.entries(each)) walk(path === '' ? key : `${path}.${key}`, inner);
  };
  walk('', value);
  return found;
}

/** One sentence for the terminal. */
export function startsAnew(file: string, reasons: readonly string[]): string {
  return `${file} is of another measurement (${reasons.join('; ')}): starting anew\n`;
}
