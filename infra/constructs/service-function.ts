// One Lambda of this service: its bundle on arm64, with a log group and a role of its own. The role can write to that
// log group and nothing else until something is granted.
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  Code,
  type ILayerVersion,
  Function as LambdaFunction,
  Runtime,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { quietEnvironment } from '#core/onnx/quiet-environment.ts';
import type { FunctionSize, SugarbushConfig } from '../config.ts';
import { acknowledge } from './acknowledge.ts';

export interface ServiceFunctionProps {
  /** Folder of its bundle (bundling.ts). */
  readonly bundle: string;
  readonly description: string;
  readonly size: FunctionSize;
  readonly logs: SugarbushConfig['logs'];
  /** X-Ray traces of its calls. Default: none. */
  readonly tracing?: boolean;
  readonly environment?: Readonly<Record<string, string>>;
  readonly layers?: readonly ILayerVersion[];
}

export class ServiceFunction extends Construct {
  readonly function: LambdaFunction;
  readonly role: Role;
  readonly memoryMiB: number;

  constructor(scope: Construct, id: string, props: ServiceFunctionProps) {
    super(scope, id);
    this.memoryMiB = props.size.memoryMiB;
    const logGroup = new LogGroup(this, 'Logs', {
      retention: props.logs.retentionDays satisfies number as RetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    logGroup.grantWrite(this.role);
    this.function = new LambdaFunction(this, 'Function', {
      code: Code.fromAsset(props.bundle),
      handler: 'index.handler',
      description: props.description,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: props.size.memoryMiB,
      timeout: Duration.seconds(props.size.timeoutS),
      ...(props.size.reservedConcurrency !== undefined && {
        reservedConcurrentExecutions: props.size.reservedConcurrency,
      }),
      role: this.role,
      logGroup,
      ...(props.tracing && { tracing: Tracing.ACTIVE }),
      layers: [...(props.layers ?? [])],
      environment: {
        POWERTOOLS_SERVICE_NAME: 'sugarbush',
        POWERTOOLS_LOG_LEVEL: props.logs.level,
        // Calls to other services end before it (functions/shared/time-limits.ts).
        FUNCTION_TIMEOUT_S: String(props.size.timeoutS),
        ...props.environment,
        ...quietEnvironment,
      },
    });
    if (!props.tracing) return;
    acknowledge(this.role, { 'AwsSolutions-IAM5[Resource::*]': 'X-Ray’s actions know no resource.' });
  }
}
