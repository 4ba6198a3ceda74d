// Bucket events as CDK writes them: a custom resource that a helper function would apply while deploying.
import * as z from 'zod';
import { parseProperties } from './parse-properties.ts';
import type { PlannedResource } from './plan.ts';

export interface NotificationPlan {
  readonly bucket: string;
  readonly functionArn: string;
  /** Such as `s3:ObjectCreated:*`. */
  readonly events: readonly string[];
  /** How the key begins and ends, as it is and not URL-encoded. */
  readonly prefix: string;
  readonly suffix: string;
}

const notificationsSchema = z.strictObject({
  ServiceToken: z.string(),
  BucketName: z.string(),
  Managed: z.coerce.boolean().optional(),
  SkipDestinationValidation: z.unknown(),
  NotificationConfiguration: z.strictObject({
    LambdaFunctionConfigurations: z.array(
      z.strictObject({
        Id: z.string().optional(),
        Events: z.array(z.string()),
        LambdaFunctionArn: z.string(),
        Filter: z
          .strictObject({
            Key: z.strictObject({
              FilterRules: z.array(
                z.strictObject({
                  Name: z
                    .string()
                    .transform((name) => name.toLowerCase())
                    .pipe(z.enum(['prefix', 'suffix'])),
                  Value: z.string(),
                }),
              ),
            }),
          })
          .optional(),
      }),
    ),
  }),
});

/** Which function is told of which objects of a bucket, one for each configuration of the resource.
 * @throws StackError */
export function planNotifications(resource: PlannedResource): NotificationPlan[] {
  const { BucketName, NotificationConfiguration } = parseProperties(resource, notificationsSchema);
  return NotificationConfiguration.LambdaFunctionConfigurations.map((each) => {
    const rules = each.Filter?.Key.FilterRules ?? [];
    const valueOfRule = (name: 'prefix' | 'suffix'): string => rules.find((rule) => rule.Name === name)?.Value ?? '';
    return {
      bucket: BucketName,
      functionArn: each.LambdaFunctionArn,
      events: each.Events,
      prefix: valueOfRule('prefix'),
      suffix: valueOfRule('suffix'),
    };
  });
}
