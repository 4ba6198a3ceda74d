// The few operator's calls of the HTTP API that a first start makes.
import { z } from 'zod';
import { predictorListSchema } from '#contract/predictors.ts';
import { problemSchema } from '#contract/problem.ts';
import { runViewSchema } from '#contract/training-runs.ts';
import type { SearchSpaceId } from '#core/search-space/search-space.ts';
import { StackError } from '#stack/stack-error.ts';

export type RunView = z.infer<typeof runViewSchema>;

export interface OperatorClient {
  /** A run that is under way in the search space already is that run. */
  startRun(searchSpace: SearchSpaceId, settings: object): Promise<RunView>;
  showRun(runId: string): Promise<RunView>;
  /** Newest first. */
  versions(searchSpace: SearchSpaceId): Promise<string[]>;
  promote(searchSpace: SearchSpaceId, version: string): Promise<void>;
}

/** Calls @throw StackError with what the service answered instead. */
export function operatorClient(api: string, token: string, signal: AbortSignal): OperatorClient {
  async function call<T>(schema: z.ZodType<T>, method: string, path: string, body?: object): Promise<T> {
    const headers = { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) };
    const reply = await fetch(`${api}${path}`, {
      method,
      headers,
      signal,
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await reply.text();
    if (!reply.ok) throw new Refusal(`${method} ${path} was answered with ${reply.status}: ${text}`, text);
    return schema.parse(JSON.parse(text));
  }

  const showRun = (runId: string): Promise<RunView> => call(runViewSchema, 'GET', `/v1/training-runs/${runId}`);
  return {
    showRun,
    async startRun(searchSpace, settings) {
      try {
        return await call(runViewSchema, 'POST', '/v1/training-runs', { searchSpace, ...settings });
      } catch (error) {
        const underWay = error instanceof Refusal ? error.runUnderWay() : undefined;
        if (underWay === undefined) throw error;
        return showRun(underWay);
      }
    },
    async versions(searchSpace) {
      const { predictors } = await call(predictorListSchema, 'GET', `/v1/predictors/${searchSpace}`);
      return predictors.map(({ version }) => version);
    },
    async promote(searchSpace, version) {
      await call(z.unknown(), 'PUT', `/v1/predictors/${searchSpace}/aliases/champion`, { version });
    },
  };
}

class Refusal extends StackError {
  readonly #text: string;
  constructor(message: string, text: string) {
    super(message);
    this.#text = text;
  }

  /** Its id, where that is why. */
  runUnderWay(): string | undefined {
    try {
      const { code, issues } = problemSchema.parse(JSON.parse(this.#text));
      const path = code === 'conflict' ? issues?.find((issue) => issue.path.startsWith('runs/'))?.path : undefined;
      return path?.slice('runs/'.length);
    } catch {
      return undefined;
    }
  }
}
