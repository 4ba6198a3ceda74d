// Accepts findings of cdk-nag on one construct, each with the reason why it stands.
import { Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** @param reasons finding id, such as `AwsSolutions-S1` or `AwsSolutions-IAM5[Resource::*]`, to its reason. */
export function acknowledge(construct: IConstruct, reasons: Readonly<Record<string, string>>): void {
  // CDK records where an acknowledgment was made, with this machine's paths, and has no switch for it.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    for (const [id, reason] of Object.entries(reasons)) Validations.of(construct).acknowledge({ id, reason });
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
