// The fixture's form: every different line once, and for each network and level the lines that it has and how often.
import * as z from 'zod';
import type { Level, TruthOutcome } from './job.ts';
import type { TruthSet } from './networks.ts';

export interface Finished {
  readonly set: TruthSet;
  readonly name: string;
  readonly outcome: TruthOutcome;
}

export const kernelTruth = z.strictObject({
  runtime: z.string(),
  /** Channels in a block of the blocked layout. */
  block: z.int(),
  levels: z.array(z.enum(['disabled', 'basic', 'extended', 'all'])),
  lines: z.array(z.string()),
  networks: z.array(
    z.strictObject({
      set: z.enum(['nasbench201', 'fbnet', 'ofa', 'zoo']),
      name: z.string(),
      /** For each level: line, how often, line, how often, … Lines as differences from the one before. */
      counts: z.array(z.array(z.int())),
    }),
  ),
  /** Networks that the runtime did not take, with its reason. */
  refused: z.array(z.strictObject({ set: z.string(), name: z.string(), reason: z.string() })),
});
export type KernelTruth = z.infer<typeof kernelTruth>;

interface Context {
  readonly runtime: string;
  readonly block: number;
  readonly levels: readonly Level[];
}

export function fixtureOf(entries: readonly Finished[], { runtime, block, levels }: Context): KernelTruth {
  const indices = new Map<string, number>();
  const networks: KernelTruth['networks'] = [];
  const refused: KernelTruth['refused'] = [];
  for (const { set, name, outcome } of entries) {
    if ('refused' in outcome) {
      refused.push({ set, name, reason: outcome.refused });
      continue;
    }
    const counts = levels.map((level) => {
      const count = new Map<number, number>();
      for (const line of outcome.lines[level]) {
        const index = indices.get(line) ?? indices.size;
        indices.set(line, index);
        count.set(index, (count.get(index) ?? 0) + 1);
      }
      let last = 0;
      return [...count]
        .sort(([a], [b]) => a - b)
        .flatMap(([index, times]) => {
          const difference = index - last;
          last = index;
          return [difference, times];
        });
    });
    networks.push({ set, name, counts });
  }
  return { runtime, block, levels: [...levels], lines: [...indices.keys()], networks, refused };
}

/** The lines of a network at a level, and how often each is there. */
export function linesOf(truth: KernelTruth, counts: readonly number[]): Map<string, number> {
  const lines = new Map<string, number>();
  let index = 0;
  for (let i = 0; i < counts.length; i += 2) {
    index += counts[i]!;
    lines.set(truth.lines[index]!, counts[i + 1]!);
  }
  return lines;
}
