// The request that `npm start` prints for pasting, and makes itself before it says that all is well.
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
export async function checkRequest(
  apiUrl: string,
  token: string,
  request: FirstRequest,
  signal: AbortSignal,
): Promise<void> {
  const reply = await fetch(`${apiUrl}/v1/predictions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(request),
    signal,
  });
  if (reply.status === 200) return void (await reply.arrayBuffer());
  throw new StackError(`the service does not predict: ${reply.status} ${await reply.text()}`);
}
