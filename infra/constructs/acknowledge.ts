// Accepts findings of cdk-nag on one construct, each with the reason why it stands.
import { Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** @param reasons finding id, such as `AwsSolutions-S1` or `AwsSolutions-IAM5[Resource::*]`, to its reason. */
export function acknowledge(construct: IConstruct, reasons: Readonly<Record<string, string>>): void {
  for (const [id, reason] of Object.entries(reasons)) Validations.of(construct).acknowledge({ id, reason });
}
