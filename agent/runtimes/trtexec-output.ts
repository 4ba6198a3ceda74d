// Reads what NVIDIA's trtexec writes: the per-inference times of --exportTimes and the facts in its log. Both are
// total. Source: TensorRT, samples/common/sampleReporting.cpp (keys changed between versions 7 and 8.6: In/Out became
// H2d/D2h).
import * as z from 'zod';
import { jsonOrUndefined } from '../json-or-undefined.ts';

// Not strict: versions add keys. The start of the input copy is what the warm-up is counted from.
const timeSchema = z.object({
  latencyMs: z.number().positive(),
  startComputeMs: z.number().nonnegative(),
});

/** @param warmUpMs inferences that started earlier, counted from the first, are left out
 * @returns end-to-end latencies (copy in, compute, copy out) in order of time, ms; undefined when the text is not
 * it. */
export function parseTrtexecTimes(text: string, warmUpMs: number): number[] | undefined {
  const parsed = z.array(timeSchema).min(1).safeParse(jsonOrUndefined(text));
  if (!parsed.success) return undefined;
  const times = [...parsed.data].sort((a, b) => a.startComputeMs - b.startComputeMs);
  const begin = times[0]!.startComputeMs;
  const kept = times.filter((time) => time.startComputeMs - begin >= warmUpMs).map((time) => time.latencyMs);
  return kept.length === 0 ? undefined : kept;
}

/** What is read, for messages. */
export const expectedTrtexecTimes =
  'a file of --exportTimes, a JSON array whose elements have startComputeMs and latencyMs, with inferences after the ' +
  'warm-up';

/** Why `parseTrtexecTimes` takes a file for none. Total. */
export function trtexecTimesProblem(text: string, warmUpMs: number): string {
  if (text.trim() === '') return 'trtexec wrote no such file, or an empty one';
  if (parseTrtexecTimes(text, 0) !== undefined) return `no inference began later than ${warmUpMs} ms after the first`;
  if (jsonOrUndefined(text) === undefined) return `its file is no JSON; it begins ${JSON.stringify(text.slice(0, 80))}`;
  return `elements of its file are others; it begins ${JSON.stringify(text.slice(0, 200))}`;
}

export interface TrtexecLog {
  /** `8.5.2`, or the number as printed where its form is not known. */
  readonly version: string | null;
  readonly device: string | null;
  readonly passed: boolean;
  /** How long the engine took to build, s. */
  readonly builtS: number | null;
}

/** Version, device and verdict from what trtexec printed; null for what it did not say. Total. */
export function parseTrtexecLog(text: string): TrtexecLog {
  const printed = /TensorRT version:\s*(\d[\d.]*)/.exec(text)?.[1] ?? /\[TensorRT v(\d[\d.]*)\]/.exec(text)?.[1];
  return {
    version: printed === undefined ? null : versionOf(printed),
    device: /Selected Device:\s*(\S[^\r\n]*?)\s*$/m.exec(text)?.[1]?.slice(0, 96) ?? null,
    passed: /&&&& PASSED/.test(text),
    builtS: secondsOf(/Engine (?:built|generation completed) in ([\d.]+) sec/.exec(text)?.[1]),
  };
}

function secondsOf(text: string | undefined): number | null {
  const seconds = Number(text);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : null;
}

/** Up to version 8: major·1000 + minor·100 + patch; since 10: major·10000 + minor·100 + patch; or with dots. */
function versionOf(digits: string): string {
  if (digits.includes('.')) return digits.slice(0, 48);
  const number = Number(digits);
  if (digits.length === 4) return `${Math.floor(number / 1000)}.${Math.floor(number / 100) % 10}.${number % 100}`;
  if (digits.length === 6) return `${Math.floor(number / 10000)}.${Math.floor(number / 100) % 100}.${number % 100}`;
  return digits.slice(0, 48);
}
