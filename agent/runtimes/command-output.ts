// Reads what a program of the device owner's prints (--runtime command): a JSON object with the latency of each
// inference. Where there is none that can be used, it says what is wrong with what stands there.
import * as z from 'zod';
import { jsonOrUndefined } from '../json-or-undefined.ts';
import type { RawReport } from './reported.ts';

/** What a command has to print, for messages. */
export const expectedCommandOutput =
  'one line of JSON on standard output, such as {"latenciesMs": [1.93, 1.91]}: the latency of each inference in ms';

/** null is the same as left out: not known. */
const known = (mostLength: number) =>
  z
    .string()
    .min(1)
    .max(mostLength)
    .nullish()
    .transform((value) => value ?? undefined);

/** Names that a program may use for something else: what is no text is passed over. */
const maybe = known(200).catch(undefined);

// Not strict: a program may print more than is read here.
const lineSchema = z.object({
  /** Each inference after the program's own warm-up, in order of time. */
  latenciesMs: z.array(z.number().positive()).min(1).max(1_000_000),
  version: known(48),
  /** Name of the accelerator that it ran on. */
  accelerator: known(96),
  runtime: maybe,
  executionProvider: maybe,
  delegate: maybe,
  powerMode: maybe,
});

export interface CommandLine extends RawReport {
  readonly latenciesMs: readonly number[];
}

/** The last object that can be used; undefined when there is none. Total. */
export function parseCommandOutput(text: string): CommandLine | undefined {
  for (const candidate of objectsOf(text)) {
    const parsed = lineSchema.safeParse(jsonOrUndefined(candidate));
    if (!parsed.success) continue;
    const { latenciesMs, ...report } = parsed.data;
    return { latenciesMs, ...Object.fromEntries(Object.entries(report).filter(([, value]) => value !== undefined)) };
  }
  return undefined;
}

/** Why an output that `parseCommandOutput` does not take is none: about the line that comes nearest. Total. */
export function commandOutputProblem(stdout: string, stderr: string): string {
  if (parseCommandOutput(stderr) !== undefined) return 'the line came on standard error, not on standard output';
  const objects = objectsOf(stdout);
  const latest = objects.find((text) => /latenc/i.test(text)) ?? objects[0];
  if (latest === undefined) {
    const list = stdout.split('\n').findLast((line) => /^\s*\[/.test(line));
    return list === undefined ? 'no such line' : `a list without its name latenciesMs: ${brief(list)}`;
  }
  const value = jsonOrUndefined(latest);
  if (value !== undefined) return `${problemOf(value)} in ${brief(latest)}`;
  if (/\b(NaN|Infinity)\b/.test(latest)) return `NaN or Infinity, which is no latency and no JSON, in ${brief(latest)}`;
  const quotes = latest.includes("'") ? ' (JSON has double quotes; in Python: print(json.dumps(…)))' : '';
  return `no valid JSON${quotes}: ${brief(latest)}`;
}

/** Objects in a text, the last one first: on a line of their own, or printed over several lines from a line that begins
 * with a brace to the next that begins with the closing one. */
function objectsOf(text: string): string[] {
  const lines = text.split(/\r?\n/);
  const objects: string[] = [];
  for (let i = lines.length - 1, end = -1; i >= 0; i--) {
    if (lines[i]!.startsWith('}')) end = i;
    if (!lines[i]!.trimStart().startsWith('{')) continue;
    const isWhole = end < 0 || lines[i]!.trimEnd().endsWith('}');
    objects.push(isWhole ? lines[i]! : lines.slice(i, end + 1).join('\n'));
  }
  return objects;
}

function problemOf(value: unknown): string {
  const { latenciesMs, latencyMs } = value as Record<string, unknown>;
  if (latenciesMs === undefined) {
    return latencyMs === undefined ? 'no latenciesMs' : 'latencyMs instead of latenciesMs, a list of all samples,';
  }
  if (!Array.isArray(latenciesMs)) return 'latenciesMs is no list';
  if (latenciesMs.length === 0) return 'latenciesMs is empty: no inference was timed';
  const wrong = latenciesMs.findIndex((sample) => typeof sample !== 'number' || sample <= 0);
  if (wrong >= 0) return `latenciesMs[${wrong}] is ${sampleProblem(latenciesMs[wrong])}`;
  const [issue] = lineSchema.safeParse(value).error?.issues ?? [];
  return issue === undefined ? 'something unexpected' : `${issue.path.join('.')}: ${issue.message}`;
}

function sampleProblem(sample: unknown): string {
  if (sample === 0) return '0: no inference takes no time (is the clock too coarse, or the unit another than ms?)';
  if (typeof sample === 'number') return `${sample}: a negative time (does the clock run backwards?)`;
  if (sample === null) return 'null: leave out what is not known';
  return `${JSON.stringify(sample)}: no number`;
}

function brief(text: string): string {
  const line = text.trim().replace(/\s+/g, ' ');
  return line.length <= 160 ? line : `${line.slice(0, 160)}…`;
}
