// One Lambda of this service: bundled by the local esbuild and compiled, on arm64, with a log group and a role of
// its own. The role can write to that log group and nothing else until something is granted.
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, type ILayerVersion, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction, OutputFormat, SourceMapMode } from 'aws-cdk-lib/aws-lambda-nodejs';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { quietEnvironment } from '#core/onnx/quiet-environment.ts';
import { esbuildArgs, esbuildArgsWithShortNames, moduleFunction, prepareBundle } from '../bundling.ts';
import type { FunctionSize, SugarbushConfig } from '../config.ts';
import { projectRoot } from '../project-root.ts';
import { acknowledge } from './acknowledge.ts';

export interface ServiceFunctionProps {
  /** Entry file, relative to the repository; it exports `handler`. */
  readonly entry: string;
  readonly description: string;
  readonly size: FunctionSize;
  readonly logs: SugarbushConfig['logs'];
  /** X-Ray traces of its calls. Default: none. */
  readonly tracing?: boolean;
  readonly environment?: Readonly<Record<string, string>>;
  readonly layers?: readonly ILayerVersion[];
  /** Shorten the names in the code too, where a large library is bundled. */
  readonly shortNames?: boolean;
}

/** A bundle holds everything but what a layer brings. */
const fromLayers = ['onnxruntime-node', 'onnxruntime-common'];

export class ServiceFunction extends Construct {
  readonly function: NodejsFunction;
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
    this.function = new NodejsFunction(this, 'Function', {
      entry: `${projectRoot}/${props.entry}`,
      projectRoot,
      depsLockFilePath: `${projectRoot}/package-lock.json`,
      handler: 'handler',
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
      bundling: {
        format: OutputFormat.CJS,
        target: 'node24',
        mainFields: ['module', 'main'],
        ...moduleFunction,
        bundleAwsSDK: true,
        externalModules: fromLayers,
        sourceMap: true,
        sourceMapMode: SourceMapMode.DEFAULT,
        sourcesContent: false,
        commandHooks: {
          beforeBundling: () => [],
          beforeInstall: () => [],
          afterBundling: (_, folder) => prepareBundle(folder),
        },
        esbuildArgs: { ...(props.shortNames ? esbuildArgsWithShortNames : esbuildArgs) },
      },
    });
    if (!props.tracing) return;
    acknowledge(this.role, { 'AwsSolutions-IAM5[Resource::*]': 'X-Ray’s actions know no resource.' });
  }
}
