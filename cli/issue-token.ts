// `npm run -s issue-token`: issues a bearer token with the operator's own AWS credentials, which may write the data
// bucket: the first operator's token, and readers' ones. Devices get theirs by enrolling (POST /v1/devices).
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { issueToken } from '#core/access/issue-token.ts';
import { DomainError } from '#core/errors.ts';
import { s3Store } from '#functions/shared/s3-store.ts';

const usage = `npm run -s issue-token -- --bucket NAME --role operator|reader [--valid-days 365]

  --bucket NAME      the data bucket (output DataBucketName of the stack SugarbushData); or $DATA_BUCKET
  --role ROLE        operator: devices, uploads, training; reader: predictions
  --valid-days N     days until the token ends, 1 to 1,825 (365)

Credentials and region are those of the AWS SDK: AWS_PROFILE, AWS_REGION and so on. The token is printed to standard
output and kept nowhere; its id and its end go to standard error.`;

const optionsSchema = z.object({
  bucket: z.string().min(1),
  role: z.enum(['operator', 'reader']),
  'valid-days': z.coerce.number().int().min(1).max(1825).default(365),
});

function parseOptions(): z.infer<typeof optionsSchema> | undefined {
  const text = { type: 'string' } as const;
  let values: Record<string, string | boolean | undefined>;
  try {
    const options = { bucket: text, role: text, 'valid-days': text, help: { type: 'boolean' } } as const;
    ({ values } = parseArgs({ options }));
  } catch (cause) {
    throw new DomainError('invalid-usage', `${(cause as Error).message}\n\n${usage}`, { cause });
  }
  if (values['help']) return undefined;
  const parsed = optionsSchema.safeParse({ bucket: process.env['DATA_BUCKET'], ...values });
  if (parsed.success) return parsed.data;
  const named = parsed.error.issues.map(({ path, message }) => `--${String(path[0])}: ${message}`);
  throw new DomainError('invalid-usage', `${named.join('\n')}\n\n${usage}`);
}

try {
  const options = parseOptions();
  if (!options) console.log(usage);
  else {
    const { bucket, role, 'valid-days': days } = options;
    const request = { role, validForS: days * 86_400, now: Date.now() };
    const { token, record } = await issueToken(s3Store({ bucket }), request);
    console.error(`${role} token ${record.tokenId}, ends ${record.expiresAt}`);
    console.log(token);
  }
} catch (error) {
  const { code, message } = error as DomainError;
  console.error(error instanceof DomainError ? `${code}: ${message}` : `cannot write the bucket: ${message}`);
  process.exitCode = code === 'invalid-usage' ? 2 : 1;
}
