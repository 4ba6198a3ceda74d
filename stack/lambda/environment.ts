// The environment of a function's process: what Lambda sets, what the template says, the credentials and endpoints of
// the embedded stack, and nothing of the machine's own.
import { delimiter, join } from 'node:path';
import type { FunctionPlan } from '../template/plan-functions.ts';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** Where the AWS clients of a function find the services of the embedded stack. */
export interface Endpoints {
  readonly s3Url: string;
  /** Step Functions, where the template has a state machine. */
  readonly stepFunctionsUrl?: string;
  /** When the machine started, by the stack's clock, ms since the epoch: the bootstrap reckons from it. */
  readonly clockStartedMs: number;
}

/**
 * @param layerFolders contents of /opt, first layer first
 * @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
 */
export function functionEnvironment(
  plan: FunctionPlan,
  layerFolders: readonly string[],
  region: string,
  credentials: Credentials,
  endpoints: Endpoints,
): Record<string, string> {
  // A later layer wins in /opt.
  const modules = layerFolders.toReversed().map((folder) => join(folder, 'nodejs', 'node_modules'));
  return {
    ...system(),
    TZ: 'UTC',
    LANG: 'en_US.UTF-8',
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_LAMBDA_FUNCTION_NAME: plan.name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(plan.memoryMiB),
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: plan.logGroup,
    AWS_LAMBDA_LOG_STREAM_NAME: 'local',
    LAMBDA_TASK_ROOT: plan.codeFolder,
    LAMBDA_RUNTIME_DIR: import.meta.dirname,
    STACK_CLOCK_STARTED_MS: String(endpoints.clockStartedMs),
    _HANDLER: plan.handler,
    NODE_PATH: modules.join(delimiter),
    // No profile or instance metadata of this machine may stand in for the credentials above.
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_ENDPOINT_URL_S3: endpoints.s3Url,
    ...(endpoints.stepFunctionsUrl !== undefined && { AWS_ENDPOINT_URL_SFN: endpoints.stepFunctionsUrl }),
    ...plan.environment,
  };
}

/** What a process needs of its system to run at all. */
function system(): Record<string, string> {
  const kept = ['PATH', 'TMPDIR', 'TEMP', 'TMP', 'SystemRoot', 'LD_LIBRARY_PATH'];
  return Object.fromEntries(kept.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}
