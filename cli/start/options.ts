// The command line of `npm start`.
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { searchSpaceIds, searchSpaces } from '#core/search-space/registry.ts';
import type { SearchSpaceId } from '#core/search-space/search-space.ts';
import { StackError } from '#stack/stack-error.ts';

export interface StartOptions {
  /** Where everything is kept between starts. */
  readonly state: string;
  /** 0: any free one. */
  readonly port: number;
  readonly searchSpaces: readonly SearchSpaceId[];
  /** Training steps; undefined: as many as the predictor wants. */
  readonly steps: number | undefined;
}

export const defaultPort = 8787;

export const usage = `usage: npm start -- [options]

  --state DIR            where the service keeps its data between starts (.sugarbush)
  --port N               port of the HTTP API on 127.0.0.1, 0 for any free one (${defaultPort})
  --search-space A,B     only these of ${searchSpaceIds.join(', ')} (all)
  --steps N              training steps a search space; fewer are quicker and worse
  --help                 this text

The first start trains; later ones find everything in place. Ctrl-C stops.`;

const optionsSchema = z.object({
  state: z.string().min(1).default('.sugarbush'),
  port: z.coerce.number().int().min(0).max(65_535).default(defaultPort),
  'search-space': z
    .string()
    .transform((text) => text.split(',').map((name) => name.trim()))
    .pipe(z.array(z.enum(searchSpaceIds)).min(1))
    .default(searchSpaces.filter((space) => space.shippedTable !== null).map(({ id }) => id)),
  steps: z.coerce.number().int().min(1).max(100_000).optional(),
});

/** Undefined when help was asked for. @throws StackError for anything that is not an option, with the usage. */
export function parseStartOptions(args: readonly string[]): StartOptions | undefined {
  const text = { type: 'string' } as const;
  let values: Record<string, string | boolean | undefined>;
  try {
    const options = { state: text, port: text, 'search-space': text, steps: text, help: { type: 'boolean' } } as const;
    ({ values } = parseArgs({ args: [...args], options }));
  } catch (cause) {
    throw new StackError(`${(cause as Error).message}\n\n${usage}`, { cause });
  }
  if (values['help']) return undefined;
  const parsed = optionsSchema.safeParse(values);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new StackError(`--${String(issue!.path[0])}: ${issue!.message}\n\n${usage}`);
  }
  const { state, port, 'search-space': searchSpaces, steps } = parsed.data;
  return { state, port, searchSpaces: [...new Set(searchSpaces)], steps };
}
