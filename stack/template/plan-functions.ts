// Lambda functions of a template: code folder, layers, environment, limits and what happens when an asynchronous
// invocation fails.
import * as z from 'zod';
import { StackError } from '../stack-error.ts';
import { functionArn, referenceTo, type StackEnvironment } from './identifiers.ts';
import { ignored, parseProperties } from './parse-properties.ts';
import type { PlannedResource } from './plan.ts';

export interface LayerPlan {
  /** From the layer's `sugarbush:layer` metadata: which of ours it is. */
  readonly name: string | undefined;
  /** Content of /opt. */
  readonly folder: string;
}

export interface FunctionPlan {
  readonly key: string;
  readonly name: string;
  readonly arn: string;
  readonly handler: string;
  readonly codeFolder: string;
  readonly layers: readonly LayerPlan[];
  readonly environment: Readonly<Record<string, string>>;
  readonly memoryMiB: number;
  readonly timeoutS: number;
  /** Concurrent executions allowed; undefined: as many as the machine bears. */
  readonly reservedConcurrency: number | undefined;
  readonly logGroup: string;
  readonly asynchronous: AsynchronousPlan;
}

export interface AsynchronousPlan {
  /** Retries after the first try. Lambda's default is 2. */
  readonly retries: number;
  readonly maximumAgeS: number;
  /** ARN of a bucket or function that takes events whose processing failed. */
  readonly onFailureArn: string | undefined;
}

const functionSchema = z.strictObject({
  Code: z.union([z.object({ S3Bucket: z.string(), S3Key: z.string() }), z.object({ ZipFile: z.string() })]),
  Handler: z.string(),
  Runtime: z.string(),
  MemorySize: z.number().default(128),
  Timeout: z.number().default(3),
  Environment: z.strictObject({ Variables: z.record(z.string(), z.coerce.string()).default({}) }).optional(),
  Layers: z.array(z.string()).default([]),
  ReservedConcurrentExecutions: z.number().optional(),
  LoggingConfig: z.looseObject({ LogGroup: z.string().optional() }).optional(),
  FunctionName: z.string().optional(),
  Architectures: ignored,
  Description: ignored,
  Role: ignored,
  EphemeralStorage: ignored,
  TracingConfig: ignored,
  RecursiveLoop: ignored,
  RuntimeManagementConfig: ignored,
  Tags: ignored,
});

const layerSchema = z.looseObject({ Content: z.object({ S3Key: z.string() }) });

const invokeConfigSchema = z.strictObject({
  FunctionName: z.string(),
  Qualifier: z.literal('$LATEST'),
  MaximumRetryAttempts: z.number().default(2),
  MaximumEventAgeInSeconds: z.number().default(21_600),
  DestinationConfig: z.strictObject({ OnFailure: z.strictObject({ Destination: z.string() }).optional() }).optional(),
});

/** The Lambda functions of the template with code, environment, memory, time and layers.
 * @throws StackError */
export function planFunctions(resources: readonly PlannedResource[], environment: StackEnvironment): FunctionPlan[] {
  const layers = new Map<string, LayerPlan>();
  for (const resource of resources.filter(({ type }) => type === 'AWS::Lambda::LayerVersion')) {
    const { Content } = parseProperties(resource, layerSchema);
    const name = resource.metadata['sugarbush:layer'];
    layers.set(referenceTo(environment, resource.stack.name, resource.id, resource.type), {
      name: typeof name === 'string' ? name : undefined,
      folder: assetFolder(resource, Content.S3Key),
    });
  }
  const asynchronous = new Map<string, AsynchronousPlan>();
  for (const resource of resources.filter(({ type }) => type === 'AWS::Lambda::EventInvokeConfig')) {
    const parsed = parseProperties(resource, invokeConfigSchema);
    asynchronous.set(parsed.FunctionName, {
      retries: parsed.MaximumRetryAttempts,
      maximumAgeS: parsed.MaximumEventAgeInSeconds,
      onFailureArn: parsed.DestinationConfig?.OnFailure?.Destination,
    });
  }
  const custom = new Set(
    resources.filter(({ type }) => type.startsWith('Custom::')).map(({ properties }) => properties['ServiceToken']),
  );

  return resources
    .filter(({ type }) => type === 'AWS::Lambda::Function')
    .flatMap((resource) => {
      const parsed = parseProperties(resource, functionSchema);
      const name = parsed.FunctionName ?? referenceTo(environment, resource.stack.name, resource.id, resource.type);
      const arn = functionArn(environment, name);
      // A custom resource's helper runs while CloudFormation deploys; here the custom resource itself is read instead.
      if (custom.has(arn)) return [];
      if (!('S3Key' in parsed.Code))
        throw new StackError(`function ${resource.key} has inline code: bundle it as an asset`);
      if (!parsed.Runtime.startsWith('nodejs')) {
        throw new StackError(
          `function ${resource.key} wants the runtime ${parsed.Runtime}; the embedded stack has Node.js`,
        );
      }
      const plan: FunctionPlan = {
        key: resource.key,
        name,
        arn,
        handler: parsed.Handler,
        codeFolder: assetFolder(resource, parsed.Code.S3Key),
        layers: parsed.Layers.map((layer) => {
          const known = layers.get(layer);
          if (!known)
            throw new StackError(`function ${resource.key} uses a layer that is not in the template: ${layer}`);
          return known;
        }),
        environment: parsed.Environment?.Variables ?? {},
        memoryMiB: parsed.MemorySize,
        timeoutS: parsed.Timeout,
        reservedConcurrency: parsed.ReservedConcurrentExecutions,
        logGroup: parsed.LoggingConfig?.LogGroup ?? `/aws/lambda/${name}`,
        asynchronous: asynchronous.get(name) ?? { retries: 2, maximumAgeS: 21_600, onFailureArn: undefined },
      };
      return [plan];
    });
}

function assetFolder(resource: PlannedResource, objectKey: string): string {
  const folder = resource.stack.assets.get(objectKey);
  if (folder === undefined) throw new StackError(`${resource.key}: asset '${objectKey}' is not in the assembly`);
  return folder;
}
