// The form of /v1/tokens.
import * as z from 'zod';
import { roles } from '#core/access/token.ts';
import { tokenViewSchema } from '#core/access/token-view.ts';
import type { OperationsOf } from './operation.ts';
import { pageQuery } from './page-query.ts';

export const tokenSchema = tokenViewSchema
  .meta({ id: 'Token' })
  .describe('What is known of a token; the token itself is kept nowhere. `revokedAt` is there once it is revoked.');

export const listTokensQuerySchema = z.strictObject({
  role: z.enum(roles).optional().describe('Only tokens of this role.'),
  ...pageQuery('Tokens a page, at most.'),
});

export const tokenListSchema = z
  .strictObject({
    tokens: z.array(tokenSchema).describe('May be fewer than asked for, even none, before the last page.'),
    nextCursor: z.string().nullable().describe('Opaque; for the next page. null on the last one.'),
  })
  .meta({ id: 'TokenList' });

export const tokenPathSchema = z.strictObject({
  id: z.string().max(256).meta({ description: 'Id of the token: its second part, `sb_{id}_…`.' }),
});

export const tokenReplySchema = z.strictObject({ token: tokenSchema }).meta({ id: 'TokenReply' });

export const tokenOperations = {
  listTokens: {
    summary: 'List the tokens, a page at a time',
    description: 'Of operators, readers and devices; ended ones too. Their secrets are kept nowhere.',
    tag: 'service',
    query: listTokensQuerySchema,
    reply: tokenListSchema,
    refusals: [],
  },
  revokeToken: {
    summary: 'Revoke a token by its id',
    description:
      'It is refused once no function trusts its record from memory any more: a minute, unless configured otherwise. ' +
      'To end a device with all that is its own, revoke the device.',
    tag: 'service',
    path: tokenPathSchema,
    reply: tokenReplySchema,
    refusals: ['not-found', 'conflict'],
  },
} as const satisfies OperationsOf<'tokens'>;
