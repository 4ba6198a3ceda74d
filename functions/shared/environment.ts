// What a function reads from its environment, parsed once when it starts. AWS's own variables are
// read where AWS is called (aws/).
import * as z from 'zod';

const environmentSchema = z.object({
  /** Name of the trusted bucket. */
  DATA_BUCKET: z.string().min(1),
  /** Least seconds between two comparisons of what is in memory with the bucket. */
  REVALIDATE_S: z.coerce.number().positive().default(3),
  /** How long the authorizer uses a token's record without reading it again: a revoked token lives this long. */
  TOKEN_CACHE_S: z.coerce.number().nonnegative().max(300).default(60),
  /** Seconds of the functions' time that one token may have on a day, where a function counts it. */
  TOKEN_WORK_S_PER_DAY: z.coerce.number().positive().default(86_400),
  /** Seconds that the place for an upload stays open. */
  UPLOAD_VALID_S: z.coerce.number().int().min(1).max(3600).default(900),
  /** Uploads that one device may register on a day. */
  UPLOADS_PER_DAY: z.coerce.number().int().positive().default(1000),
});
const fieldEnvironmentSchema = environmentSchema.extend({
  /** Name of the untrusted bucket. */
  UPLOADS_BUCKET: z.string().min(1),
});
const trainingEnvironmentSchema = environmentSchema.extend({
  /** ARN of the training state machine. */
  STATE_MACHINE_ARN: z.string().min(1),
});
const watchEnvironmentSchema = environmentSchema.extend({
  /** Name of the bucket of events whose processing failed. */
  FAILURES_BUCKET: z.string().min(1),
});
export type Environment = z.infer<typeof environmentSchema>;

/** @throws ZodError naming the variable; a function that starts without its environment has to fail at once. */
export function readEnvironment(variables: Readonly<Record<string, string | undefined>>): Environment {
  return environmentSchema.parse(variables);
}

/** The environment of the functions that face the field. @throws ZodError naming the variable */
export function readFieldEnvironment(
  variables: Readonly<Record<string, string | undefined>>,
): z.infer<typeof fieldEnvironmentSchema> {
  return fieldEnvironmentSchema.parse(variables);
}

/** The environment of the function that watches over the service. @throws ZodError naming the variable */
export function readWatchEnvironment(
  variables: Readonly<Record<string, string | undefined>>,
): z.infer<typeof watchEnvironmentSchema> {
  return watchEnvironmentSchema.parse(variables);
}

/** The environment of the function that starts training runs. @throws ZodError naming the variable */
export function readTrainingEnvironment(
  variables: Readonly<Record<string, string | undefined>>,
): z.infer<typeof trainingEnvironmentSchema> {
  return trainingEnvironmentSchema.parse(variables);
}
