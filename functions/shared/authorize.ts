// From an Authorization header to the authorizer's answer: the caller, or why there is none. Any other failure is
// thrown, and API Gateway answers it with 500.

import type { VerifyToken } from '#core/access/verify-token.ts';
import { DomainError } from '#core/errors.ts';
import type { AuthorizerContext } from './caller.ts';

/** Who calls, by the Authorization header, or why nobody does.
 * @throws whatever else goes wrong in verifying */
export async function authorize(verify: VerifyToken, header: string | undefined): Promise<AuthorizerContext> {
  // The scheme is case-insensitive (RFC 9110, 11.1).
  const token = /^bearer +(\S+)$/i.exec(header?.trim() ?? '')?.[1];
  if (token === undefined) {
    const found = header === undefined ? 'there is no authorization header' : 'it is not of that form';
    return { refusal: `the request needs a header 'authorization: Bearer <token>'; ${found}` };
  }
  try {
    return await verify(token);
  } catch (error) {
    if (error instanceof DomainError && error.code === 'unauthorized') return { refusal: error.message };
    throw error;
  }
}
