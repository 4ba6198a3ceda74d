// The state machine and what starts it: Step Functions state machines with their definition, and schedules.
import * as z from 'zod';
import { StackError } from '../stack-error.ts';
import { attributeOf, referenceTo, type StackEnvironment } from './identifiers.ts';
import { ignored, parseProperties } from './parse-properties.ts';
import type { PlannedResource } from './plan.ts';

export interface StateMachinePlan {
  readonly key: string;
  readonly name: string;
  readonly arn: string;
  /** Amazon States Language, its functions' ARNs resolved. */
  readonly definition: Readonly<Record<string, unknown>>;
}

export interface SchedulePlan {
  readonly key: string;
  readonly name: string;
  /** `rate(…)`, `cron(…)` or `at(…)`. */
  readonly expression: string;
  readonly timezone: string;
  readonly enabled: boolean;
  readonly targetArn: string;
  /** JSON text. */
  readonly input: string;
  /** JSON text with which the target is called at each start of the stack too; from the `sugarbush:at-start`
   * metadata. */
  readonly atStart: string | undefined;
}

const stateMachineSchema = z.strictObject({
  DefinitionString: z.string(),
  StateMachineName: z.string().optional(),
  StateMachineType: z.literal('STANDARD').default('STANDARD'),
  RoleArn: ignored,
  LoggingConfiguration: ignored,
  TracingConfiguration: ignored,
  EncryptionConfiguration: ignored,
  Tags: ignored,
});

/** A state machine of the template with its definition resolved.
 * @throws StackError */
export function planStateMachine(resource: PlannedResource, environment: StackEnvironment): StateMachinePlan {
  const parsed = parseProperties(resource, stateMachineSchema);
  const { stack, id, type, key } = resource;
  const arn = referenceTo(environment, stack.name, id, type);
  let definition: unknown;
  try {
    definition = JSON.parse(parsed.DefinitionString);
  } catch (cause) {
    throw new StackError(`the definition of state machine ${key} is not JSON`, { cause });
  }
  return {
    key,
    name: attributeOf(environment, stack.name, id, type, 'Name') ?? id,
    arn,
    definition: z.record(z.string(), z.unknown()).parse(definition),
  };
}

const scheduleSchema = z.strictObject({
  ScheduleExpression: z.string(),
  ScheduleExpressionTimezone: z.string().default('UTC'),
  State: z.enum(['ENABLED', 'DISABLED']).default('ENABLED'),
  FlexibleTimeWindow: ignored,
  Target: z.strictObject({
    Arn: z.string(),
    Input: z.string().default('{}'),
    RoleArn: ignored,
    RetryPolicy: ignored,
    DeadLetterConfig: ignored,
  }),
  Name: z.string().optional(),
  GroupName: ignored,
  Description: ignored,
});

/** A schedule of the template: when, which state machine or function, with which input.
 * @throws StackError */
export function planSchedule(resource: PlannedResource, environment: StackEnvironment): SchedulePlan {
  const parsed = parseProperties(resource, scheduleSchema);
  return {
    key: resource.key,
    name: parsed.Name ?? referenceTo(environment, resource.stack.name, resource.id, resource.type),
    expression: parsed.ScheduleExpression,
    timezone: parsed.ScheduleExpressionTimezone,
    enabled: parsed.State === 'ENABLED',
    targetArn: parsed.Target.Arn,
    input: parsed.Target.Input,
    atStart: z.string().optional().parse(resource.metadata['sugarbush:at-start']),
  };
}
