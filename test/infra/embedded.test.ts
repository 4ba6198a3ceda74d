// What CDK emits for uploads, state machines and schedules is what the embedded stack reads: an app with all of them,
// synthesised with cdk-nag's rules, and then run.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import aslValidator from 'asl-validator';
import { App, Duration, Stack, Validations } from 'aws-cdk-lib';
import type { CfnFunction } from 'aws-cdk-lib/aws-lambda';
import { Schedule, ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import { StepFunctionsStartExecution } from 'aws-cdk-lib/aws-scheduler-targets';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { AwsSolutionsChecks } from 'cdk-nag';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { bundleFunctions } from '#infra/bundling.ts';
import { acknowledge } from '#infra/constructs/acknowledge.ts';
import { ServiceFunction } from '#infra/constructs/service-function.ts';
import { Uploads } from '#infra/constructs/uploads.ts';
import type { InvocationReport } from '#stack/lambda/invocation.ts';
import { type Stack as EmbeddedStack, startStack } from '#stack/stack.ts';
import { planStack } from '#stack/template/plan.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const environment = { region: 'us-east-1', accountId: '000000000000' };
let folder: string;
let templateDir: string;
let stack: EmbeddedStack;
const reports: InvocationReport[] = [];

function synthesise(): void {
  const app = new App({ outdir: templateDir, postCliContext: { 'aws:cdk:enable-path-metadata': true } });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  const service = new Stack(app, 'Service');
  const bundles = join(folder, 'bundles');
  bundleFunctions(['ingest', 'step'], 'test/fixtures/functions', bundles);
  const serviceFunction = (id: string, name: string): ServiceFunction =>
    new ServiceFunction(service, id, {
      bundle: join(bundles, name),
      description: id,
      size: { memoryMiB: 256, timeoutS: 10 },
      logs: { retentionDays: 1, level: 'INFO' },
    });
  const uploads = new Uploads(service, 'Uploads', { expiry: Duration.days(30), failureExpiry: Duration.days(90) });
  const ingest = serviceFunction('Ingest', 'ingest');
  uploads.incoming.grantRead(ingest.role, 'incoming/');
  uploads.processWith(ingest);

  const step = serviceFunction('Step', 'step');
  const first = new LambdaInvoke(service, 'First', { lambdaFunction: step.function, outputPath: '$.Payload' });
  first.addRetry({
    errors: ['NotYet'],
    interval: Duration.seconds(1),
    backoffRate: 1,
    jitterStrategy: sfn.JitterType.FULL,
  });
  const each = new sfn.Map(service, 'Each', {
    itemsPath: '$.values',
    itemSelector: { 'value.$': '$$.Map.Item.Value' },
  });
  each.itemProcessor(new LambdaInvoke(service, 'Add', { lambdaFunction: step.function, payloadResponseOnly: true }));
  const list = new sfn.Pass(service, 'List', { parameters: { 'values.$': 'States.Array($.value, 10, 20)' } });
  const machine = new sfn.StateMachine(service, 'Training', {
    definitionBody: sfn.DefinitionBody.fromChainable(first.next(list).next(each)),
    timeout: Duration.hours(1),
  });
  new Schedule(service, 'Nightly', {
    schedule: ScheduleExpression.cron({ minute: '0', hour: '3' }),
    target: new StepFunctionsStartExecution(machine, {}),
  });
  const reason = 'This app shows what the embedded stack reads; the machine’s grants are not its subject.';
  acknowledge(service, {
    'AwsSolutions-SF1': reason,
    'AwsSolutions-SF2': reason,
    [`AwsSolutions-IAM5[Resource::<${service.getLogicalId(step.function.node.defaultChild as CfnFunction)}.Arn>:*]`]:
      reason,
  });
  app.synth();
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sugarbush-embedded-'));
  templateDir = join(folder, 'cdk.out');
  synthesise();
  const onReport = (report: InvocationReport): unknown => reports.push(report);
  stack = await startStack({
    stateDir: join(folder, 'state'),
    port: 0,
    templateDir,
    graceMs: 0,
    retryDelaysMs: [1],
    onReport,
  });
});
afterAll(async () => {
  await stack?.close();
  rmSync(folder, { recursive: true, force: true });
});

test('the plan has the buckets, functions, notification, failure destination, machine and schedule', () => {
  const plan = planStack(templateDir, environment);
  expect(plan.buckets.map(({ key }) => key)).toEqual(['Uploads/Incoming', 'Uploads/Failures']);
  // CDK's helper for notifications is not among them.
  expect(plan.functions.map(({ key }) => key)).toEqual(['Ingest', 'Step']);
  const [incoming, failures] = plan.buckets;
  const [ingest] = plan.functions;
  expect(plan.notifications).toEqual([
    {
      bucket: incoming?.name,
      functionArn: ingest?.arn,
      events: ['s3:ObjectCreated:*'],
      prefix: 'incoming/',
      suffix: '.json.gz',
    },
  ]);
  expect(ingest?.asynchronous).toEqual({
    retries: 2,
    maximumAgeS: 21_600,
    onFailureArn: `arn:aws:s3:::${failures?.name}`,
  });
  const [machine] = plan.stateMachines;
  expect(plan.schedules).toMatchObject([
    { key: 'Nightly', expression: 'cron(0 3 * * ? *)', enabled: true, targetArn: machine?.arn },
  ]);
  expect(aslValidator(machine!.definition, { checkArn: true, checkPaths: true })).toMatchObject({
    isValid: true,
  });
});

test('an upload reaches its function, and one that fails each time the bucket of failures', async () => {
  const { s3Url: endpoint, region, credentials, buckets } = stack;
  const s3 = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  const Bucket = buckets['Uploads/Incoming'];
  for (const Key of ['incoming/d/good.json.gz', 'incoming/d/broken.json.gz', 'elsewhere.json.gz']) {
    await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
  }
  const failures = async (): Promise<number> =>
    (await s3.send(new ListObjectsV2Command({ Bucket: buckets['Uploads/Failures'] }))).KeyCount ?? 0;
  await expect.poll(failures, { timeout: 30_000 }).toBe(1);
  const statuses = (): string[] =>
    reports
      .filter(({ functionKey }) => functionKey === 'Ingest')
      .map(({ status }) => status)
      .sort();
  await expect.poll(statuses, { timeout: 30_000 }).toEqual(['error', 'error', 'error', 'ok']);
  s3.destroy();
});

test('the machine runs: retry, intrinsic function, map', async () => {
  const sent = async (operation: string, input: object): Promise<Record<string, string>> => {
    const response = await fetch(stack.stepFunctionsUrl!, {
      method: 'POST',
      headers: {
        'x-amz-target': `AWSStepFunctions.${operation}`,
        authorization: `AWS4-HMAC-SHA256 Credential=${stack.credentials.accessKeyId}/x`,
      },
      body: JSON.stringify(input),
    });
    return (await response.json()) as Record<string, string>;
  };
  const { executionArn } = await sent('StartExecution', {
    stateMachineArn: stack.stateMachines['Training'],
    input: '{"value":1,"failures":1}',
  });
  const describe = (): Promise<Record<string, string>> => sent('DescribeExecution', { executionArn });
  await expect.poll(async () => (await describe())['status'], { timeout: 30_000 }).not.toBe('RUNNING');
  const { status, output } = await describe();
  expect([status, output]).toEqual(['SUCCEEDED', '[{"value":3},{"value":11},{"value":21}]']);
});
