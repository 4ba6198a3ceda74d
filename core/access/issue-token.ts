// Issues a bearer token. The token itself is in the answer and nowhere else: the store keeps the hash of its secret.
import { DomainError } from '#core/errors.ts';
import type { RandomBytes } from '#core/random.ts';
import { putJsonIfAbsent } from '#core/store/put-if-absent.ts';
import type { Store } from '#core/store/store.ts';
import { tokenKey } from './keys.ts';
import { formatToken, type Role, secretSha256, type TokenRecord } from './token.ts';

export interface IssueTokenRequest {
  readonly role: Role;
  /** The device whose token it is; only with role `device`. */
  readonly deviceId?: string;
  readonly validForS: number;
  /** ms since the epoch. */
  readonly now: number;
  /** Good enough for a secret. */
  readonly randomBytes: RandomBytes;
}

/** Makes a token and stores its record.
 * @throws DomainError `precondition-failed` when there is one of that id already */
export async function issueToken(
  store: Store,
  request: IssueTokenRequest,
): Promise<{ readonly token: string; readonly record: TokenRecord }> {
  const random = request.randomBytes(40);
  const tokenId = Buffer.from(random.subarray(0, 8)).toString('hex');
  const secret = Buffer.from(random.subarray(8, 40)).toString('base64url');
  const record: TokenRecord = {
    tokenId,
    sha256: secretSha256(secret),
    role: request.role,
    ...(request.deviceId !== undefined && { deviceId: request.deviceId }),
    createdAt: new Date(request.now).toISOString(),
    expiresAt: new Date(request.now + request.validForS * 1000).toISOString(),
  };
  if (!(await putJsonIfAbsent(store, tokenKey(tokenId), record))) {
    throw new DomainError('precondition-failed', `there is a token '${tokenId}' already`);
  }
  return { token: formatToken({ tokenId, secret }), record };
}
