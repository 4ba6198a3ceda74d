// The command line of `npm run import`: parsed and checked before anything is read.
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { DomainError } from '#core/errors.ts';
import { searchSpaceIds } from '#core/search-space/registry.ts';
import type { SearchSpaceId } from '#core/search-space/search-space.ts';

export interface ImportOptions {
  readonly searchSpace: SearchSpaceId;
  readonly data: string;
  readonly api: string;
  readonly token: string;
  readonly targets: readonly string[] | undefined;
  readonly state: string;
  readonly atOnce: number;
}

export const usage = `npm run import -- --search-space nasbench201|fbnet|ofa --data FILE.csv.gz --api URL --token TOKEN

  --data FILE          a latency table: a column "architecture", then one column a target, latencies in ms
  --api URL            address of the service
  --token TOKEN        an operator's token; or in the environment as SUGARBUSH_TOKEN
  --targets a,b        only these columns (all)
  --state FILE         what is done already; the same command goes on from there
                       (.sugarbush/import/FILE-NAME.json; it holds a device token)
  --at-once N          uploads under way at once (4)
  --help               this text

A column named DEVICE_N, with N a power of two, is DEVICE at batch size N.`;

const optionsSchema = z.object({
  'search-space': z.enum(searchSpaceIds),
  data: z.string().min(1),
  api: z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/+$/, '')),
  token: z.string().regex(/^sb_\S+$/, 'must look like sb_…'),
  targets: z
    .string()
    .transform((text) => text.split(',').map((name) => name.trim()))
    .pipe(z.array(z.string().min(1)).min(1))
    .optional(),
  state: z.string().min(1).optional(),
  'at-once': z.coerce.number().int().min(1).max(32).default(4),
});

/** Undefined when help was asked for. @throws DomainError `invalid-usage` naming the option, with the usage */
export function parseImportOptions(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): ImportOptions | undefined {
  const text = { type: 'string' } as const;
  let values: Record<string, string | boolean | undefined>;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        'search-space': text,
        data: text,
        api: text,
        token: text,
        targets: text,
        state: text,
        'at-once': text,
        help: { type: 'boolean' },
      },
    }));
  } catch (cause) {
    throw new DomainError('invalid-usage', `${(cause as Error).message}\n\n${usage}`, { cause });
  }
  if (values['help']) return undefined;
  const parsed = optionsSchema.safeParse({ token: environment['SUGARBUSH_TOKEN'], ...values });
  if (!parsed.success) {
    const named = parsed.error.issues.map(({ path, message }) => `--${String(path[0])}: ${message}`);
    throw new DomainError('invalid-usage', `${named.join('\n')}\n\n${usage}`);
  }
  const { data, api, token, targets, 'search-space': searchSpace, 'at-once': atOnce } = parsed.data;
  const name = data
    .split('/')
    .at(-1)!
    .replace(/\.csv(\.gz)?$/, '');
  return {
    searchSpace,
    data,
    api,
    token,
    targets,
    atOnce,
    state: parsed.data.state ?? `.sugarbush/import/${name}.json`,
  };
}
