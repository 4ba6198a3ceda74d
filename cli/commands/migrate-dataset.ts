// `sugarbush migrate-dataset`: brings the targets of a dataset that was written before targets lost their search space
// to where they are looked for now, with the operator's own AWS credentials.
import { defineCommand, jsonFlag } from '#command-line/command.ts';
import { exitCodes } from '#command-line/exit-codes.ts';
import { text } from '#command-line/values.ts';
import type { MigratedTarget } from '#core/intake/migrate-dataset.ts';

export const migrateDatasetCommand = defineCommand({
  options: {
    bucket: {
      value: 'NAME',
      help: 'the data bucket (output DataBucketName of the stack SugarbushData)',
      schema: text,
      env: 'DATA_BUCKET',
    },
    json: jsonFlag,
  },
  notes: `Nothing is deleted or written over, and it may be stopped and started again. What is brought is adapted by the next
training run. Credentials and region are those of the AWS SDK: AWS_PROFILE, AWS_REGION and so on.`,
  async run({ bucket, json }, { out, signal }) {
    const { migrateDataset } = await import('#core/intake/migrate-dataset.ts');
    const { s3Store } = await import('#functions/shared/s3-store.ts');
    const { operatorS3 } = await import('#cli/operator-s3.ts');
    const store = s3Store({ bucket, client: await operatorS3() });
    const targets: MigratedTarget[] = [];
    for await (const target of migrateDataset(store, { now: Date.now, predictors: [] })) {
      signal.throwIfAborted();
      targets.push(target);
      if (!json) out(`${lineOf(target)}\n`);
    }
    if (json) out(`${JSON.stringify({ targets })}\n`);
    return targets.every(({ outcome }) => outcome !== 'left') ? exitCodes.done : exitCodes.failed;
  },
});

const words = { brought: 'brought', 'brought-before': 'brought before', left: 'left' } as const;

function lineOf({ searchSpace, before, outcome, targetId, reason }: MigratedTarget): string {
  return [`${searchSpace}/${before}`, words[outcome], reason ?? targetId].join('\t');
}
