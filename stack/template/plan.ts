// Reads a cloud assembly into what the embedded stack runs. Every resource type is one of three: built here, known to
// be without effect on one machine (and listed as such), or refused by name.
import { StackError } from '../stack-error.ts';
import { type AssemblyStack, loadAssembly, type Resource } from './assembly.ts';
import { bucketName, type StackEnvironment } from './identifiers.ts';
import { Resolver } from './intrinsics.ts';
import { type ApiPlan, planApi } from './plan-api.ts';
import { type FunctionPlan, planFunctions } from './plan-functions.ts';
import { type NotificationPlan, planNotifications } from './plan-notifications.ts';
import { planSchedule, planStateMachine, type SchedulePlan, type StateMachinePlan } from './plan-training.ts';

export interface BucketPlan {
  /** The construct's path in its stack, such as `Data`. */
  readonly key: string;
  readonly name: string;
}

export interface StackPlan {
  readonly functions: readonly FunctionPlan[];
  readonly buckets: readonly BucketPlan[];
  /** Absent where the template has no HTTP API. */
  readonly api: ApiPlan | undefined;
  readonly notifications: readonly NotificationPlan[];
  readonly stateMachines: readonly StateMachinePlan[];
  readonly schedules: readonly SchedulePlan[];
}

/** One resource of an assembly, its properties resolved. */
export interface PlannedResource {
  readonly stack: AssemblyStack;
  readonly id: string;
  readonly type: string;
  /** The construct's path in its stack, without the parts that only name its kind. */
  readonly key: string;
  readonly properties: Record<string, unknown>;
  readonly metadata: Record<string, unknown>;
}

/** Access, logs and metadata: checked by the cloud, not needed to run on one machine. */
const withoutEffect = new Set([
  'AWS::IAM::Role',
  'AWS::IAM::Policy',
  'AWS::IAM::ManagedPolicy',
  'AWS::Logs::LogGroup',
  'AWS::Logs::ResourcePolicy',
  'AWS::Logs::MetricFilter',
  'AWS::CloudWatch::Alarm',
  'AWS::CloudWatch::Dashboard',
  'AWS::Budgets::Budget',
  'AWS::S3::BucketPolicy',
  'AWS::Lambda::Permission',
  'AWS::Scheduler::ScheduleGroup',
  'AWS::CDK::Metadata',
]);

/** Built by one of the planners below. */
const built = new Set([
  'AWS::S3::Bucket',
  'AWS::Lambda::Function',
  'AWS::Lambda::LayerVersion',
  'AWS::Lambda::EventInvokeConfig',
  'AWS::ApiGatewayV2::Api',
  'AWS::ApiGatewayV2::Authorizer',
  'AWS::ApiGatewayV2::Integration',
  'AWS::ApiGatewayV2::Route',
  'AWS::ApiGatewayV2::Stage',
  'Custom::S3BucketNotifications',
  'AWS::StepFunctions::StateMachine',
  'AWS::Scheduler::Schedule',
]);

/**
 * @param folder a cdk.out
 * @throws StackError when the assembly holds something the embedded stack cannot run
 */
export function planStack(folder: string, environment: StackEnvironment): StackPlan {
  const stacks = loadAssembly(folder);
  const resolver = new Resolver(stacks, environment);
  const resources = stacks.flatMap((stack) =>
    Object.entries(stack.template.Resources)
      .filter(([, resource]) => resolver.holds(stack, resource.Condition))
      .filter(([id, resource]) => isNeeded(stack, id, resource))
      .map(([id, resource]) => ({
        stack,
        id,
        type: resource.Type,
        key: constructKey(id, resource),
        properties: resolver.properties(stack, id, resource),
        metadata: resource.Metadata,
      })),
  );
  const ofType = (type: string): PlannedResource[] => resources.filter((resource) => resource.type === type);
  return {
    functions: planFunctions(resources, environment),
    buckets: ofType('AWS::S3::Bucket').map(planBucket),
    api: planApi(resources, environment),
    notifications: ofType('Custom::S3BucketNotifications').flatMap(planNotifications),
    stateMachines: ofType('AWS::StepFunctions::StateMachine').map((each) => planStateMachine(each, environment)),
    schedules: ofType('AWS::Scheduler::Schedule').map((each) => planSchedule(each, environment)),
  };
}

/** @throws StackError for a type that is neither built nor known to be without effect. */
function isNeeded(stack: AssemblyStack, id: string, { Type }: Resource): boolean {
  if (built.has(Type)) return true;
  if (withoutEffect.has(Type)) return false;
  throw new StackError(
    `the embedded stack cannot run a ${Type} (${stack.name}.${id}); it knows ${[...built].join(', ')}`,
  );
}

const kinds = new Set(['Resource', 'Bucket', 'Function', 'StateMachine', 'Schedule', 'Api']);

/** `Sugarbush/Data/Bucket/Resource` → `Data`: the path without the stack and the trailing words for the kind. */
function constructKey(id: string, resource: Resource): string {
  const path = resource.Metadata['aws:cdk:path'];
  if (typeof path !== 'string') return id;
  const parts = path.split('/').slice(1);
  while (parts.length > 1 && kinds.has(parts.at(-1) ?? '')) parts.pop();
  return parts.join('/');
}

function planBucket(resource: PlannedResource): BucketPlan {
  const { BucketName, NotificationConfiguration } = resource.properties;
  if (NotificationConfiguration !== undefined) {
    throw new StackError(
      `${resource.key}: a bucket's own NotificationConfiguration is not known to the embedded stack`,
    );
  }
  return {
    key: resource.key,
    name: typeof BucketName === 'string' ? BucketName : bucketName(resource.stack.name, resource.id),
  };
}
