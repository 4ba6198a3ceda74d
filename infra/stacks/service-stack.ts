// Everything replaceable: the functions, their layer and the HTTP API. Uploads with their events, and training with
// its state machine and schedule, join this stack as constructs of their own beside the API.
import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { apiFunctions } from '../api-functions.ts';
import type { FunctionName, SugarbushConfig } from '../config.ts';
import type { DataBucket } from '../constructs/data-bucket.ts';
import { OnnxruntimeLayer } from '../constructs/onnxruntime-layer.ts';
import { ServiceApi } from '../constructs/service-api.ts';
import { ServiceFunction } from '../constructs/service-function.ts';

export interface ServiceStackProps extends StackProps {
  readonly config: SugarbushConfig;
  readonly data: DataBucket;
  /** Built by layers/build-onnxruntime.ts for linux-arm64. */
  readonly onnxruntimeFolder: string;
  /** Where the functions' entry files are, relative to the repository. */
  readonly functionsFolder: string;
}

export class ServiceStack extends Stack {
  readonly #props: ServiceStackProps;

  constructor(scope: Construct, id: string, props: ServiceStackProps) {
    super(scope, id, { description: 'Sugarbush: latency prediction over HTTPS', env: props.env });
    this.#props = props;
    const layer = new OnnxruntimeLayer(this, 'Onnxruntime', { folder: props.onnxruntimeFolder });

    const authorizer = this.#function('authorizer', 'Checks bearer tokens');
    props.data.grantRead(authorizer.role, 'tokens/');
    const api = new ServiceApi(this, 'Api', { config: props.config, authorizer: authorizer.function });

    for (const each of apiFunctions) {
      const built = this.#function(each.name, each.description, each.onnxruntime ? layer : undefined);
      if (each.reads.length > 0) props.data.grantRead(built.role, ...each.reads);
      api.addRoutes(built.function, each.routes, { public: each.public === true });
    }
    new CfnOutput(this, 'ApiUrl', { value: api.url });
  }

  #function(name: FunctionName, description: string, layer?: OnnxruntimeLayer): ServiceFunction {
    const { config, data, functionsFolder } = this.#props;
    return new ServiceFunction(this, pascalCase(name), {
      entry: `${functionsFolder}/${name}.ts`,
      description,
      size: config.functions[name],
      logs: config.logs,
      environment: { DATA_BUCKET: data.bucket.bucketName },
      layers: layer ? [layer.version] : [],
    });
  }
}

/** `search-spaces` → `SearchSpaces`: CDK's habit for construct ids. */
function pascalCase(name: string): string {
  return name.replace(/(^|-)([a-z])/g, (_, __, letter: string) => letter.toUpperCase());
}
