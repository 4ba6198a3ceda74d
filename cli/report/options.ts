// The command line of `node cli/report.ts`: parsed and checked before anything is read.
import { parseArgs } from 'node:util';
import * as z from 'zod';
import { DomainError } from '#core/errors.ts';
import { searchSpaceIds } from '#core/search-space/registry.ts';

export const usage = `node cli/report.ts --search-space nasbench201|fbnet|ofa --out FILE.html [options]

Trains on the training targets of the shipped table, evaluates on its test targets (the split of npm run evaluate) and
draws the report of that predictor as one HTML file.

  --test a,b           targets to evaluate on, instead of those of the split; none may be a training target
  --seed 0             seed of training and draws
  --steps 800          training steps
  --repeats 10         random draws a target
  --save FILE.json     also write what was evaluated, for --from and --champion
  --champion FILE.json compare with an earlier evaluation written by --save, on the targets that both have
  --from FILE.json     draw an evaluation written by --save; nothing is trained`;

const integer = (least: number) => z.coerce.number<string>().int().min(least);
const optionsSchema = z
  .strictObject({
    'search-space': z.enum(searchSpaceIds).optional(),
    out: z.string().min(1),
    test: z
      .string()
      .transform((text) => text.split(',').map((id) => id.trim()))
      .optional(),
    seed: integer(0).default(0),
    steps: integer(1).default(800),
    repeats: integer(1).default(10),
    save: z.string().min(1).optional(),
    champion: z.string().min(1).optional(),
    from: z.string().min(1).optional(),
  })
  .refine((o) => (o['search-space'] === undefined) !== (o.from === undefined), {
    path: ['search-space'],
    message: 'give either --search-space or --from',
  });
export type ReportOptions = z.output<typeof optionsSchema>;

/** @throws DomainError `invalid-usage` naming the option and what it allows. */
export function parseReportOptions(args: readonly string[]): ReportOptions {
  const parsed = optionsSchema.safeParse(rawOptions(args));
  if (parsed.success) return parsed.data;
  const text = parsed.error.issues.map((i) => `--${String(i.path[0])}: ${i.message}`).join('; ');
  throw new DomainError('invalid-usage', `${text}\n\n${usage}`);
}

function rawOptions(args: readonly string[]): Record<string, unknown> {
  const names = ['search-space', 'out', 'test', 'seed', 'steps', 'repeats', 'save', 'champion', 'from'];
  try {
    const options = Object.fromEntries(names.map((name) => [name, { type: 'string' } as const]));
    return parseArgs({ args: [...args], options }).values;
  } catch (cause) {
    throw new DomainError('invalid-usage', `${(cause as Error).message}\n\n${usage}`, { cause });
  }
}
