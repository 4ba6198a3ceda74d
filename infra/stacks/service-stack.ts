// Everything replaceable: the functions, their layer and the HTTP API. Uploads with their events, and training with
// its state machine and schedule, join this stack as constructs of their own beside the API.
import { join } from 'node:path';
import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { ILayerVersion } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { type ApiFunctionName, routeIdsOf } from '#contract/routes.ts';
import { apiFunctions } from '../api-functions.ts';
import type { FunctionName, SugarbushConfig } from '../config.ts';
import { constructId } from '../construct-id.ts';
import { Alarms } from '../constructs/alarms.ts';
import { Budget } from '../constructs/budget.ts';
import { ServiceDashboard } from '../constructs/dashboard.ts';
import { FunctionSchedule } from '../constructs/function-schedule.ts';
import { OnnxruntimeLayer } from '../constructs/onnxruntime-layer.ts';
import type { PrivateBucket } from '../constructs/private-bucket.ts';
import { ServiceApi } from '../constructs/service-api.ts';
import { ServiceFunction } from '../constructs/service-function.ts';
import { Training } from '../constructs/training.ts';
import { incoming, Uploads } from '../constructs/uploads.ts';
import type { WatchedService } from '../constructs/watched-service.ts';

export interface ServiceStackProps extends StackProps {
  readonly config: SugarbushConfig;
  readonly data: PrivateBucket;
  /** Built by layers/build-onnxruntime.ts for linux-arm64. */
  readonly onnxruntimeFolder: string;
  /** Folder of the functions' bundles, each in one of its name (bundling.ts). */
  readonly bundles: string;
}

export class ServiceStack extends Stack {
  readonly #props: ServiceStackProps;
  /** By the name of the file. */
  readonly #functions: Record<string, ServiceFunction> = {};

  constructor(scope: Construct, id: string, props: ServiceStackProps) {
    super(scope, id, { description: 'Sugarbush: latency prediction over HTTPS', env: props.env });
    this.#props = props;
    const layer = new OnnxruntimeLayer(this, 'Onnxruntime', { folder: props.onnxruntimeFolder });

    const { tokenCacheS } = props.config.api;
    if (!(tokenCacheS >= 0 && tokenCacheS <= 300)) {
      throw new Error(`config.api.tokenCacheS is ${tokenCacheS}; allowed: 0 to 300 s`);
    }
    // One after the other they make up what is configured: API Gateway's answer may be as old as the authorizer's
    // record.
    const gatewayCacheS = Math.floor(tokenCacheS / 2);
    const authorizer = this.#function('authorizer', 'Checks bearer tokens', {
      TOKEN_CACHE_S: String(tokenCacheS - gatewayCacheS),
    });
    props.data.grantGet(authorizer.role, 'tokens/');
    props.data.grantWrite(authorizer.role, 'token-uses/');
    const api = new ServiceApi(this, 'Api', {
      config: props.config,
      authorizer: authorizer.function,
      authorizerCacheS: gatewayCacheS,
    });

    const { keptDays, validS, perDeviceAndDay, retries, sweep } = props.config.uploads;
    const kept = Duration.days(keptDays);
    const uploads = new Uploads(this, 'Intake', { expiry: kept, failureExpiry: kept });
    const ingest = this.#function(
      'ingest',
      'Takes uploaded profiles into the dataset and adapts their targets',
      { UPLOADS_BUCKET: uploads.incoming.bucket.bucketName },
      [layer.version],
    );
    const sweeper = this.#function(
      'sweep-uploads',
      'Finds uploads that were put and never processed, and takes them in',
      { UPLOADS_BUCKET: uploads.incoming.bucket.bucketName },
      [layer.version],
    );
    const changed = ['uploads/', 'measurements/', 'graphs/', 'adaptations/', 'targets/'];
    for (const { role } of [ingest, sweeper]) {
      uploads.incoming.grantRead(role, incoming.prefix);
      props.data.grantRead(role, ...changed, 'profiles/', 'withdrawals/', 'devices/', 'predictors/');
      props.data.grantWrite(role, ...changed, 'profiles/');
    }
    uploads.processWith(ingest, { retries });
    const { schedule, ...range } = sweep;
    new FunctionSchedule(this, 'Sweep', {
      target: sweeper,
      description: 'Finds uploads that were put and never processed',
      schedule,
      input: range,
      // All that are kept, as nobody knows how long the machine was off.
      atStart: {},
    });

    const training = new Training(this, 'Training', {
      config: props.config,
      data: props.data,
      build: (task, needsOnnxruntime) =>
        this.#function(
          `training/${task}`,
          `Training: ${task.replaceAll('-', ' ')}`,
          task === 'freeze' ? { LEAST_GROWTH: String(props.config.training.newData.leastGrowth) } : {},
          needsOnnxruntime ? [layer.version] : [],
        ),
    });

    for (const name of Object.keys(apiFunctions) as ApiFunctionName[]) {
      const each = apiFunctions[name];
      const environment: Record<string, string> = {
        ...(each.onnxruntime && { REVALIDATE_S: String(props.config.predictions.revalidateS) }),
        ...(each.metersTokens && { TOKEN_WORK_S_PER_DAY: String(props.config.api.tokenWorkSPerDay) }),
        ...(each.runsTraining && { STATE_MACHINE_ARN: training.machine.machine.stateMachineArn }),
        ...(each.signsUploads && {
          UPLOADS_BUCKET: uploads.incoming.bucket.bucketName,
          UPLOAD_VALID_S: String(validS),
          UPLOADS_PER_DAY: String(perDeviceAndDay),
        }),
      };
      const built = this.#function(name, each.description, environment, each.onnxruntime ? [layer.version] : []);
      if (each.reads.length > 0) props.data.grantRead(built.role, ...each.reads);
      if (each.writes) props.data.grantWrite(built.role, ...each.writes);
      if (each.deletes) props.data.grantDelete(built.role, ...each.deletes);
      if (each.runsTraining) training.machine.grantRun(built.role);
      if (each.signsUploads) uploads.incoming.grantWrite(built.role, incoming.prefix);
      api.addRoutes(built.function, routeIdsOf(name));
    }
    this.#watch({ api, training, uploads });
    new CfnOutput(this, 'ApiUrl', { value: api.url });
  }

  #watch({ api, training, uploads }: { api: ServiceApi; training: Training; uploads: Uploads }): void {
    const { config, data } = this.#props;
    const { watching } = config;
    const failures = uploads.failures.bucket;
    const watcher = this.#function('watch-state', 'Measures champion, training and failed events for alarms', {
      FAILURES_BUCKET: failures.bucketName,
    });
    data.grantRead(watcher.role, 'predictors/', 'training-runs/');
    const mayCount = new PolicyStatement({ actions: ['s3:ListBucket'], resources: [failures.bucketArn] });
    watcher.role.addToPrincipalPolicy(mayCount);
    new FunctionSchedule(this, 'Watch', {
      target: watcher,
      description: 'Measures champion, training and failed events',
      schedule: watching.schedule,
      input: {},
    });
    const service: WatchedService = {
      functions: this.#functions,
      apiId: api.api.apiId,
      stateMachine: training.machine.machine,
    };
    if (watching.alarms) new Alarms(this, 'Alarms', { service, watching });
    if (watching.budget) new Budget(this, 'Budget', watching.budget);
    if (watching.dashboard) new ServiceDashboard(this, 'Overview', service);
  }

  #function(
    name: FunctionName,
    description: string,
    environment: Readonly<Record<string, string>>,
    layers: readonly ILayerVersion[] = [],
  ): ServiceFunction {
    const { config, data, bundles } = this.#props;
    const made = new ServiceFunction(this, constructId(name), {
      bundle: join(bundles, name),
      description,
      size: config.functions[name],
      logs: config.logs,
      tracing: config.watching.tracing,
      environment: { DATA_BUCKET: data.bucket.bucketName, ...environment },
      layers,
    });
    this.#functions[name] = made;
    return made;
  }
}
