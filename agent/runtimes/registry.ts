// What follows from the list of runtimes: names, the one that was asked for, what is on this device.
import type { Detection, Runtime } from './runtime.ts';
import { type RuntimeEntry, type RuntimeOptions, runtimeList } from './runtime-list.ts';

export type RuntimeName = keyof typeof runtimeList;

export const runtimeNames = Object.keys(runtimeList) as [RuntimeName, ...RuntimeName[]];

const entries: Readonly<Record<RuntimeName, RuntimeEntry>> = runtimeList;

/** Programs that runtimes drive, by the names that they are looked for. */
export const runtimePrograms: readonly string[] = runtimeNames.flatMap((name) => entries[name].program ?? []);

export interface RuntimeChoice extends RuntimeOptions {
  readonly name: RuntimeName;
}

/** @throws DomainError `invalid-usage` when the runtime lacks an option, such as `command` its command */
export function createRuntime({ name, ...options }: RuntimeChoice): Runtime {
  return entries[name].open(options);
}

/** Looks for each of them; nothing is measured. */
export async function detectRuntimes(): Promise<Record<RuntimeName, Detection>> {
  const found = runtimeNames.map(async (name) => {
    const { detect, open } = entries[name];
    return [name, await (detect ?? (() => open({}).detect()))()] as const;
  });
  return Object.fromEntries(await Promise.all(found)) as Record<RuntimeName, Detection>;
}

/** Those that can tell how long each kernel takes. */
export const runtimesTimingKernels = (): RuntimeName[] =>
  runtimeNames.filter((name) => entries[name].open({ program: 'p', command: 'c' }).kernelTimes !== undefined);

/** The line of a runtime in the table of docs/measuring.md. */
export function runtimeRow(name: RuntimeName): string {
  const { what, needs, open } = entries[name];
  const { counts } = open({ program: 'p', command: 'c' });
  return `| \`${name}\` | ${what} | ${counts ? 'yes' : 'no'} | ${needs} |`;
}
