// What a bearer token is: `sb_{tokenId}_{secret}`. The id finds the record, the secret proves the holder; of the secret
// only its SHA-256 is kept. The secret is 32 random bytes, so that a plain hash of it cannot be guessed back.
import { createHash } from 'node:crypto';
import * as z from 'zod';

export const roles = ['reader', 'device', 'operator'] as const;
export type Role = (typeof roles)[number];

export const tokenIdSchema = z.string().regex(/^[0-9a-f]{16}$/, '16 hexadecimal digits');

export const tokenRecordSchema = z.strictObject({
  tokenId: z.string(),
  /** SHA-256 of the secret, hex. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  role: z.enum(roles),
  deviceId: z.string().optional(),
  createdAt: z.iso.datetime(),
  /** Exclusive: the token is refused from then on. */
  expiresAt: z.iso.datetime(),
  revokedAt: z.iso.datetime().optional(),
});
export type TokenRecord = z.infer<typeof tokenRecordSchema>;

/** Who calls, as far as a token tells. */
export interface Caller {
  readonly tokenId: string;
  readonly role: Role;
  readonly deviceId?: string;
}

const form = /^sb_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/;

export interface TokenParts {
  readonly tokenId: string;
  readonly secret: string;
}

/** The parts of a token's text; undefined for a text that is none. */
export function parseToken(token: string): TokenParts | undefined {
  const match = form.exec(token);
  return match ? { tokenId: match[1]!, secret: match[2]! } : undefined;
}

/** The text of a token, as callers send it. */
export function formatToken({ tokenId, secret }: TokenParts): string {
  return `sb_${tokenId}_${secret}`;
}

/** SHA-256 of a token's secret, hex: all that is stored of it. */
export function secretSha256(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
