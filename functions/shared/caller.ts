// What the authorizer tells a function: who calls, or why the token was refused. API Gateway's own refusals are no
// problem+json and say 403 to a wrong token, so the authorizer lets every request through and the function refuses.
import * as z from 'zod';
import { type Caller, type Role, roles } from '#core/access/token.ts';
import { DomainError } from '#core/errors.ts';

const callerSchema = z.object({ tokenId: z.string(), role: z.enum(roles), deviceId: z.string().optional() });
const refusalSchema = z.object({ refusal: z.string() });

/** In `requestContext.authorizer.lambda`. */
export type AuthorizerContext = z.infer<typeof callerSchema> | z.infer<typeof refusalSchema>;

/** @throws DomainError `unauthorized` without a good token, also where there was no authorizer; `forbidden` for a role
 * that is not among `allowed`. */
export function requireCaller(context: unknown, allowed: readonly Role[]): Caller {
  const caller = callerSchema.safeParse(context);
  if (!caller.success) {
    const refused = refusalSchema.safeParse(context);
    const message = refused.success ? refused.data.refusal : 'the request has no bearer token';
    throw new DomainError('unauthorized', message, { issues: [{ path: 'headers/authorization', message }] });
  }
  const { tokenId, role, deviceId } = caller.data;
  if (!allowed.includes(role)) {
    const message = `the token's role is '${role}'; allowed: ${allowed.join(', ')}`;
    throw new DomainError('forbidden', message, { issues: [{ path: 'headers/authorization', message }] });
  }
  return { tokenId, role, ...(deviceId !== undefined && { deviceId }) };
}
