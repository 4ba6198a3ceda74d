// The request that `npm start` prints for pasting, and makes itself before it says that all is well.
import type { Client } from '#client/client.ts';
import type { predictOperations } from '#contract/predictions.ts';
import { DomainError } from '#core/errors.ts';
import type { SearchSpaceId } from '#core/search-space/search-space.ts';
import { StackError } from '#stack/stack-error.ts';

export interface FirstRequest {
  readonly searchSpace: SearchSpaceId;
  readonly target: string;
  readonly architectures: readonly string[];
  readonly budgetMs: number;
}

/** Works in any POSIX shell: nothing in it is a single quote. */
export function curlLine(apiUrl: string, token: string, request: FirstRequest): string {
  return [
    `curl -s ${apiUrl}/v1/predictions`,
    `-H 'authorization: Bearer ${token}'`,
    `-H 'content-type: application/json'`,
    `-d '${JSON.stringify(request)}'`,
  ].join(' ');
}

/** @throws StackError with what the service answered instead */
export async function checkRequest(client: Client<typeof predictOperations>, request: FirstRequest): Promise<void> {
  try {
    await client.call('predict', { body: { ...request, architectures: [...request.architectures] } });
  } catch (cause) {
    if (!(cause instanceof DomainError)) throw cause;
    throw new StackError(`the service does not predict: ${cause.message}`, { cause });
  }
}
