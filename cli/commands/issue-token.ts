// `sugarbush issue-token`: issues a bearer token with the operator's own AWS credentials, which may write the data
// bucket: the first operator's token, and readers' ones. Devices get theirs by enrolling (POST /v1/devices).
import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { defineCommand, jsonFlag } from '#command-line/command.ts';
import { exitCodes } from '#command-line/exit-codes.ts';
import { integerBetween, text } from '#command-line/values.ts';
import { DomainError } from '#core/errors.ts';

export const issueTokenCommand = defineCommand({
  options: {
    bucket: {
      value: 'NAME',
      help: 'the data bucket (output DataBucketName of the stack SugarbushData)',
      schema: text,
      env: 'DATA_BUCKET',
    },
    role: {
      value: 'ROLE',
      help: 'operator: devices, uploads, training; reader: predictions',
      schema: z.enum(['operator', 'reader']),
    },
    validDays: {
      value: 'DAYS',
      help: 'how long the token is good, at most 1825 days',
      schema: integerBetween(1, 1825),
      default: '365',
    },
    json: jsonFlag,
  },
  notes: `Credentials and region are those of the AWS SDK: AWS_PROFILE, AWS_REGION and so on. The token is printed to standard
output and kept nowhere; its id and its end go to standard error.`,
  async run({ bucket, role, validDays, json }, { out, say }) {
    const { issueToken } = await import('#core/access/issue-token.ts');
    const { s3Store } = await import('#functions/shared/s3-store.ts');
    const { operatorS3 } = await import('#cli/operator-s3.ts');
    const request = { role, validForS: validDays * 86_400, now: Date.now(), randomBytes };
    const issue = async () => issueToken(s3Store({ bucket, client: await operatorS3() }), request);
    const issued = await issue().catch((cause: unknown) => {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new DomainError('storage-failed', `cannot write the bucket: ${reason}`, { cause });
    });
    const { tokenId, expiresAt } = issued.record;
    say(`${role} token ${tokenId}, ends ${expiresAt}\n`);
    out(json ? `${JSON.stringify({ token: issued.token, tokenId, role, expiresAt })}\n` : `${issued.token}\n`);
    return exitCodes.done;
  },
});
