// Which share of a run each kernel took, as the profiler of a runtime says it, beside the latency of a run without
// one. Kinds and numbers only: what a kernel is, in the words of core/graph/kernel.ts, and no name of a node or a file.
import * as z from 'zod';
import { readKernelWord } from './kernel-word.ts';

/** Kernels of one run that can be told. */
export const mostKernelTimes = 10_000;

const profilers = ['onnxruntime', 'trtexec', 'benchmark_model'] as const;
export type Profiler = (typeof profilers)[number];

/** Rounding of shares may lift their sum by so much. */
const sumTolerance = 1e-3;

export const kernelTimesSchema = z
  .strictObject({
    formatVersion: z.literal(1).describe('Version of this part.'),
    profiler: z.enum(profilers).describe('What told the times: the profiler of a runtime.'),
    runs: z.int().positive().nullable().describe('Profiled inferences behind the shares. null: not known.'),
    kinds: z
      .array(
        z
          .string()
          .max(48)
          .refine((word) => readKernelWord(word) !== undefined, { error: 'no kind of kernel' }),
      )
      .min(1)
      .max(1000)
      .describe('The kinds of kernels that were run, each once, such as convolution/3x3 or sum.'),
    kernels: z
      .array(z.int().nonnegative())
      .min(1)
      .max(mostKernelTimes)
      .describe('The kernels in the order in which they were run: index into kinds, from 0.'),
    shares: z
      .array(z.number().min(0).max(1))
      .min(1)
      .max(mostKernelTimes)
      .describe('Share of each kernel in the time of all kernels of a run; they sum to 1 at most.'),
  })
  .superRefine(({ kinds: words, kernels, shares }, check) => {
    if (kernels.length !== shares.length) {
      const message = `${shares.length} shares of ${kernels.length} kernels`;
      check.addIssue({ code: 'custom', path: ['shares'], message });
    }
    if (new Set(words).size < words.length) {
      check.addIssue({ code: 'custom', path: ['kinds'], message: 'a kind stands twice' });
    }
    const wild = kernels.find((kind) => kind >= words.length);
    if (wild !== undefined) {
      const message = `kind is ${wild}; there are ${words.length}, counted from 0`;
      check.addIssue({ code: 'custom', path: ['kernels'], message });
    }
    const sum = shares.reduce((total, share) => total + share, 0);
    if (sum > 1 + sumTolerance) {
      check.addIssue({ code: 'custom', path: ['shares'], message: `shares sum to ${sum}; allowed: 1 at most` });
    }
  })
  .describe('How the time of a run is divided among its kernels, by the profiler of the runtime. Left out: not known.');

export type KernelTimes = z.infer<typeof kernelTimesSchema>;

/** A kernel of a run and how long it took, in any unit. */
export interface TimedKernel {
  /** As `writeKernelWord` writes it. */
  readonly word: string;
  readonly time: number;
}

/** Undefined where no time passed, or there are more kernels than can be told. */
export function kernelTimesOf(
  profiler: Profiler,
  runs: number | null,
  timed: readonly TimedKernel[],
): KernelTimes | undefined {
  const total = timed.reduce((sum, { time }) => sum + time, 0);
  if (!(total > 0) || timed.length > mostKernelTimes) return undefined;
  const words = [...new Set(timed.map(({ word }) => word))];
  return {
    formatVersion: 1,
    profiler,
    runs,
    kinds: words,
    kernels: timed.map(({ word }) => words.indexOf(word)),
    shares: timed.map(({ time }) => Number((time / total).toPrecision(4))),
  };
}
