// What a function reads from its environment, parsed once when it starts. AWS's own variables are the SDK's business.
import { z } from 'zod';

const environmentSchema = z.object({
  /** Name of the trusted bucket. */
  DATA_BUCKET: z.string().min(1),
  /** Least seconds between two comparisons of what is in memory with the bucket. */
  REVALIDATE_S: z.coerce.number().positive().default(3),
  /** How long the authorizer uses a token's record without reading it again: a revoked token lives this long. */
  TOKEN_CACHE_S: z.coerce.number().nonnegative().max(300).default(60),
});
export type Environment = z.infer<typeof environmentSchema>;

/** @throws ZodError naming the variable; a function that starts without its environment has to fail at once. */
export function readEnvironment(variables: Readonly<Record<string, string | undefined>>): Environment {
  return environmentSchema.parse(variables);
}
