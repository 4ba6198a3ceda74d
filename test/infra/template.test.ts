// What the CDK app promises, read from its templates.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type ApiFunctionName, type RouteId, routeKey } from '#contract/routes.ts';
import { apiFunctions } from '#infra/api-functions.ts';
import { config } from '#infra/config.ts';
import { trainingTasks } from '#infra/constructs/training-machine.ts';
import { planStack } from '#stack/template/plan.ts';
import { ofType, type Synthesised, synthesised } from './synthesised.ts';

// A synth takes seconds alone and many more beside other work.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

const names = Object.keys(apiFunctions) as ApiFunctionName[];
let first: Synthesised;

beforeAll(() => {
  first = synthesised();
});
afterAll(() => rmSync(dirname(first.folder), { recursive: true, force: true }));

/** Every file of a folder with the hash of its content. */
function contents(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => `${file.slice(folder.length)} ${createHash('sha256').update(readFileSync(file)).digest('hex')}`)
    .sort();
}

test('two synths are byte-identical', () => {
  const second = synthesised();
  expect(contents(second.folder)).toEqual(contents(first.folder));
  rmSync(dirname(second.folder), { recursive: true, force: true });
});

test('nothing in the assembly names a path of this machine', () => {
  for (const file of readdirSync(first.folder).filter((name) => name.endsWith('.json'))) {
    expect([file, readFileSync(join(first.folder, file), 'utf8').includes(process.cwd())]).toEqual([file, false]);
  }
});

test('no resource has a physical name', () => {
  const names = /^(BucketName|FunctionName|RoleName|LogGroupName|LayerName|StateMachineName|QueueName|TopicName)$/;
  // A permission, a policy or a notification names the resource it is about: by reference.
  const own = [...Object.entries(first.data.Resources), ...Object.entries(first.service.Resources)].flatMap(
    ([id, { Type, Properties }]) =>
      Object.entries(Properties)
        .filter(([name, value]) => names.test(name) && typeof value === 'string')
        .map(([name]) => `${Type} ${id}.${name}`),
  );
  expect(own).toEqual([]);
});

test('every function is told its own time limit, by which its calls end before it does', () => {
  const functions = ofType(first.service, 'AWS::Lambda::Function').filter(
    ({ Properties }) => (Properties['Environment'] as { Variables?: object } | undefined)?.Variables !== undefined,
  );
  expect(functions.length).toBe(Object.keys(config.functions).length);
  for (const { Properties } of functions) {
    const { Variables } = Properties['Environment'] as { Variables: Record<string, unknown> };
    expect(Variables['FUNCTION_TIMEOUT_S']).toBe(String(Properties['Timeout']));
  }
});

describe('the data bucket', () => {
  test('is versioned, encrypted, private, and kept', () => {
    const [bucket, ...more] = ofType(first.data, 'AWS::S3::Bucket');
    expect(more).toEqual([]);
    expect(bucket).toMatchObject({
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        VersioningConfiguration: { Status: 'Enabled' },
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
        },
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
        OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
      },
    });
  });

  test('refuses what does not come over TLS 1.2', () => {
    const [policy] = ofType(first.data, 'AWS::S3::BucketPolicy');
    const { Statement } = policy!.Properties['PolicyDocument'] as { Statement: unknown[] };
    expect(Statement).toEqual([
      expect.objectContaining({
        Effect: 'Deny',
        Action: 's3:*',
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      }),
      expect.objectContaining({
        Effect: 'Deny',
        Action: 's3:*',
        Condition: { NumericLessThan: { 's3:TlsVersion': 1.2 } },
      }),
    ]);
  });

  test('is the only thing that outlives its stack', () => {
    for (const { Type, DeletionPolicy } of Object.values(first.service.Resources)) {
      expect([Type, DeletionPolicy]).not.toEqual([Type, 'Retain']);
    }
  });

  test('forgets what it counted a device’s uploads by', () => {
    const [bucket] = ofType(first.data, 'AWS::S3::Bucket');
    expect(bucket!.Properties).toMatchObject({
      LifecycleConfiguration: {
        Rules: expect.arrayContaining([expect.objectContaining({ Prefix: 'upload-quota/', ExpirationInDays: 2 })]),
      },
    });
  });
});

/** Without CDK's helper that sets bucket notifications while deploying. */
const ownFunctions = () =>
  ofType(first.service, 'AWS::Lambda::Function').filter(({ id }) => !id.startsWith('BucketNotificationsHandler'));

describe('every function', () => {
  test('behind the API answers before API Gateway gives up', () => {
    for (const name of names) expect(config.functions[name].timeoutS).toBeLessThan(29);
  });

  test('is arm64 on Node.js 24 with stated memory, time, log group and role of its own', () => {
    const functions = ownFunctions();
    expect(functions).toHaveLength(names.length + 4 + trainingTasks.length);
    for (const { Properties } of functions) {
      expect(Properties).toMatchObject({
        Architectures: ['arm64'],
        Runtime: 'nodejs24.x',
        Handler: 'index.handler',
        MemorySize: expect.any(Number),
        Timeout: expect.any(Number),
        LoggingConfig: { LogGroup: { Ref: expect.any(String) } },
      });
    }
    const shared = (property: (each: (typeof functions)[number]) => unknown): number =>
      functions.length - new Set(functions.map((each) => JSON.stringify(property(each)))).size;
    expect(shared(({ Properties }) => Properties['LoggingConfig'])).toBe(0);
    expect(shared(({ Properties }) => Properties['Role'])).toBe(0);
  });

  test('has the size its configuration says', () => {
    const sizes = ownFunctions().map(({ Properties }) => [Properties['MemorySize'], Properties['Timeout']]);
    const wanted = Object.values(config.functions).map(({ memoryMiB, timeoutS }) => [memoryMiB, timeoutS]);
    expect(sizes.map(String).sort()).toEqual(wanted.map(String).sort());
  });

  test('keeps its logs for a stated time', () => {
    for (const { Properties } of ofType(first.service, 'AWS::Logs::LogGroup')) {
      expect(Properties['RetentionInDays']).toBe(config.logs.retentionDays);
    }
  });

  test('may do named things only: no action with a wildcard, no resource of "*"', () => {
    const policies = ofType(first.service, 'AWS::IAM::Policy');
    expect(policies.length).toBeGreaterThan(0);
    for (const { Properties } of policies) {
      const { Statement } = Properties['PolicyDocument'] as {
        Statement: { Action: string | string[]; Resource: unknown }[];
      };
      for (const { Action, Resource } of Statement) {
        expect([Action].flat().filter((action) => action.includes('*'))).toEqual([]);
        // What delivers a state machine's log knows no resource: Step Functions Developer Guide, "Logging".
        if (
          [Action].flat().every((action) => /^logs:.*(LogDelivery|LogDeliveries|ResourcePolic|LogGroups)/.test(action))
        )
          continue;
        expect([Resource].flat()).not.toContain('*');
      }
    }
    expect(JSON.stringify(ofType(first.service, 'AWS::IAM::Role'))).not.toContain('ManagedPolicyArns');
  });

  test.each([
    ['Health', ['predictors/*']],
    ['Openapi', []],
  ])('%s reads %j and writes nothing', (name, prefixes) => {
    const policy = ofType(first.service, 'AWS::IAM::Policy').find(({ id }) => id.startsWith(`${name}Role`));
    const { Statement } = policy!.Properties['PolicyDocument'] as {
      Statement: { Action: string | string[]; Resource: unknown }[];
    };
    const s3 = Statement.filter(({ Action }) => [Action].flat().some((action) => action.startsWith('s3:')));
    expect(s3.flatMap(({ Action }) => Action).sort()).toEqual(
      prefixes.length > 0 ? ['s3:GetObject', 's3:ListBucket'] : [],
    );
    const objects = s3.filter(({ Action }) => Action === 's3:GetObject').flatMap(({ Resource }) => [Resource].flat());
    expect(objects.map((each) => JSON.stringify(each).match(/"\/([^"]+)"/)?.[1])).toEqual(prefixes);
  });
});

/** `s3:GetObject incoming/*` and so on: what a function may do with objects, and in which bucket. */
function objectGrants(name: string): string[] {
  const policy = ofType(first.service, 'AWS::IAM::Policy').find(({ id }) => id.startsWith(`${name}Role`));
  const { Statement } = policy!.Properties['PolicyDocument'] as { Statement: { Action: string; Resource: unknown }[] };
  return Statement.filter(({ Action }) => /^s3:.*Object$/.test(String(Action))).flatMap(({ Action, Resource }) =>
    [Resource].flat().map((each) => {
      const text = JSON.stringify(each);
      const bucket = text.includes('IntakeFailures') ? 'failures ' : text.includes('IntakeIncoming') ? 'uploads ' : '';
      return `${Action} ${bucket}${text.match(/"\/([^"]+)"/)?.[1]}`;
    }),
  );
}

describe('the way in', () => {
  test('forgets what was uploaded, and what failed, after a month', () => {
    for (const { Properties } of ofType(first.service, 'AWS::S3::Bucket')) {
      expect(Properties).toMatchObject({
        LifecycleConfiguration: { Rules: [{ ExpirationInDays: 30, Status: 'Enabled' }] },
        PublicAccessBlockConfiguration: { BlockPublicAcls: true, RestrictPublicBuckets: true },
      });
      expect(Properties).not.toHaveProperty('VersioningConfiguration');
    }
    expect(ofType(first.service, 'AWS::S3::BucketPolicy')).toHaveLength(2);
  });

  test('tells ingest of every upload, tries it again twice, and keeps what failed', () => {
    const [notification] = ofType(first.service, 'Custom::S3BucketNotifications');
    expect(notification!.Properties['NotificationConfiguration']).toMatchObject({
      LambdaFunctionConfigurations: [
        {
          Events: ['s3:ObjectCreated:*'],
          Filter: {
            Key: {
              FilterRules: [
                { Name: 'suffix', Value: '.json.gz' },
                { Name: 'prefix', Value: 'incoming/' },
              ],
            },
          },
        },
      ],
    });
    const [retries] = ofType(first.service, 'AWS::Lambda::EventInvokeConfig').filter(({ id }) =>
      id.startsWith('Ingest'),
    );
    expect(retries!.Properties).toMatchObject({
      MaximumRetryAttempts: 2,
      MaximumEventAgeInSeconds: 21_600,
      DestinationConfig: {
        OnFailure: { Destination: { 'Fn::GetAtt': [expect.stringMatching(/^IntakeFailures/), 'Arn'] } },
      },
    });
  });

  test('lets each function do no more than it does', () => {
    expect(objectGrants('Uploads').sort()).toEqual([
      's3:DeleteObject upload-quota/*',
      's3:GetObject upload-quota/*',
      's3:GetObject uploads/*',
      's3:PutObject upload-quota/*',
      's3:PutObject uploads incoming/*',
      's3:PutObject uploads/*',
    ]);
    expect(objectGrants('Devices').sort()).toEqual([
      's3:GetObject devices/*',
      's3:GetObject tokens/*',
      's3:PutObject devices/*',
      's3:PutObject tokens/*',
    ]);
    expect(objectGrants('Tokens').sort()).toEqual([
      's3:GetObject token-uses/*',
      's3:GetObject tokens/*',
      's3:PutObject tokens/*',
    ]);
    expect(objectGrants('Predict').sort()).toEqual([
      's3:GetObject adaptations/*',
      's3:GetObject models/*',
      's3:GetObject predictors/*',
      's3:GetObject targets/*',
      's3:GetObject token-work/*',
      's3:PutObject token-work/*',
    ]);
    expect(objectGrants('Models').sort()).toEqual([
      's3:GetObject models/*',
      's3:GetObject token-work/*',
      's3:PutObject models/*',
      's3:PutObject token-work/*',
    ]);
    expect(objectGrants('Authorizer').sort()).toEqual(['s3:GetObject tokens/*', 's3:PutObject token-uses/*']);
    expect(objectGrants('Ingest').sort()).toEqual([
      's3:GetObject adaptations/*',
      's3:GetObject devices/*',
      's3:GetObject graphs/*',
      's3:GetObject measurements/*',
      's3:GetObject predictors/*',
      's3:GetObject profiles/*',
      's3:GetObject targets/*',
      's3:GetObject uploads incoming/*',
      's3:GetObject uploads/*',
      's3:GetObject withdrawals/*',
      's3:PutObject adaptations/*',
      's3:PutObject failures *',
      's3:PutObject graphs/*',
      's3:PutObject measurements/*',
      's3:PutObject profiles/*',
      's3:PutObject targets/*',
      's3:PutObject uploads/*',
    ]);
  });

  test('looks every hour for uploads of two days that were not processed, and at all of them at a start here', () => {
    const sweep = planStack(first.folder, { region: 'us-east-1', accountId: '000000000000' });
    const [schedule, ...more] = sweep.schedules.filter(({ key }) => key.startsWith('Sweep/'));
    expect(more).toEqual([]);
    expect(schedule).toMatchObject({
      expression: 'rate(1 hour)',
      enabled: true,
      targetArn: sweep.functions.find(({ key }) => key === 'SweepUploads')!.arn,
      atStart: '{}',
    });
    expect(JSON.parse(schedule!.input)).toEqual({ newestHours: 48, settledMinutes: 10 });
    const [inCloud] = ofType(first.service, 'AWS::Scheduler::Schedule').filter(({ id }) => id.startsWith('Sweep'));
    expect(inCloud!.Properties['Target']).toMatchObject({ RetryPolicy: { MaximumRetryAttempts: 0 } });
    const retries = ofType(first.service, 'AWS::Lambda::EventInvokeConfig').filter(({ id }) => id.startsWith('Sweep'));
    expect(retries.map(({ Properties }) => Properties['MaximumRetryAttempts'])).toEqual([0]);
  });

  test('lets the schedule call that one function, and the function what ingest may but for the failure bucket', () => {
    const [caller] = ofType(first.service, 'AWS::IAM::Role').filter(({ id }) => id.startsWith('SweepCaller'));
    const called = { 'Fn::GetAtt': [expect.stringMatching(/^SweepUploadsFunction/), 'Arn'] };
    expect(caller!.Properties).toMatchObject({
      AssumeRolePolicyDocument: { Statement: [{ Principal: { Service: 'scheduler.amazonaws.com' } }] },
      Policies: [{ PolicyDocument: { Statement: [{ Action: 'lambda:InvokeFunction', Resource: called }] } }],
    });
    const others = ofType(first.service, 'AWS::IAM::Policy').filter(({ Properties }) =>
      JSON.stringify(Properties['Roles']).includes('SweepCaller'),
    );
    expect(others).toEqual([]);
    const ofIngest = objectGrants('Ingest').filter((grant) => grant !== 's3:PutObject failures *');
    expect(objectGrants('SweepUploads').sort()).toEqual(ofIngest.sort());
  });

  test('gives the helper that deploys the notification this one bucket', () => {
    const [role] = ofType(first.service, 'AWS::IAM::Role').filter(({ id }) => id.startsWith('IntakeNotifier'));
    expect(role!.Properties['Policies']).toMatchObject([
      {
        PolicyDocument: {
          Statement: [
            {
              Action: 's3:PutBucketNotification',
              Resource: { 'Fn::GetAtt': [expect.stringMatching(/^IntakeIncoming/), 'Arn'] },
            },
          ],
        },
      },
    ]);
  });
});

describe('the API', () => {
  test('writes access logs without tokens or queries, and throttles', () => {
    const [stage] = ofType(first.service, 'AWS::ApiGatewayV2::Stage');
    expect(stage?.Properties).toMatchObject({
      StageName: '$default',
      AutoDeploy: true,
      DefaultRouteSettings: {
        ThrottlingRateLimit: config.api.throttleRatePerS,
        ThrottlingBurstLimit: config.api.throttleBurst,
      },
    });
    const { Format } = stage!.Properties['AccessLogSettings'] as { Format: string };
    // The id of a token is no secret.
    expect(Format).not.toMatch(/header|querystring|authorizer\.(principal|token(?!Id))/i);
  });

  test('limits the routes that are named, and waits for them', () => {
    const [stage] = ofType(first.service, 'AWS::ApiGatewayV2::Stage');
    const settings = stage!.Properties['RouteSettings'] as Record<string, object>;
    const limits = Object.entries(config.api.routeLimits).map(([id, { ratePerS, burst }]) => [
      routeKey(id as RouteId),
      { ThrottlingRateLimit: ratePerS, ThrottlingBurstLimit: burst },
    ]);
    expect(settings).toEqual(Object.fromEntries(limits));
    const routesBefore = (stage as unknown as { DependsOn: string[] }).DependsOn.map(
      (id) => first.service.Resources[id]!,
    );
    const keys = routesBefore.map(({ Properties }) => Properties['RouteKey']);
    expect(keys).toEqual(expect.arrayContaining(Object.keys(settings)));
    for (const { ratePerS } of Object.values(config.api.routeLimits))
      expect(ratePerS).toBeLessThan(config.api.throttleRatePerS);
  });

  test('asks the authorizer of a header once in half of what a token is trusted for, and of none without it', () => {
    const [authorizer] = ofType(first.service, 'AWS::ApiGatewayV2::Authorizer');
    expect(authorizer!.Properties).toMatchObject({
      IdentitySource: ['$request.header.Authorization'],
      AuthorizerResultTtlInSeconds: 30,
    });
    const asked = ofType(first.service, 'AWS::Lambda::Function').find(({ id }) => id.startsWith('Authorizer'));
    expect(asked!.Properties['Environment']).toMatchObject({ Variables: { TOKEN_CACHE_S: '30' } });
  });

  test('leaves the pool of concurrent executions to predictions, but for what is bounded', () => {
    const reserved = Object.values(config.functions).map(({ reservedConcurrency = 0 }) => reservedConcurrency);
    // AWS keeps 100 of an account's 1,000 unreserved; most of the pool is for functions without a bound.
    expect(reserved.reduce((sum, each) => sum + each)).toBeLessThanOrEqual(100);
    expect(config.functions.predict).not.toHaveProperty('reservedConcurrency');
    expect(config.functions.authorizer).not.toHaveProperty('reservedConcurrency');
  });

  test('has CORS only where origins are configured', () => {
    const [closed] = ofType(first.service, 'AWS::ApiGatewayV2::Api');
    expect(closed?.Properties).not.toHaveProperty('CorsConfiguration');
    const opened = synthesised({ ...config, api: { ...config.api, corsOrigins: ['https://a.example'] } });
    const [api] = ofType(opened.service, 'AWS::ApiGatewayV2::Api');
    expect(api?.Properties).toMatchObject({ CorsConfiguration: { AllowOrigins: ['https://a.example'] } });
    rmSync(dirname(opened.folder), { recursive: true, force: true });
  });
});

describe('what the configuration may not be', () => {
  test('a token that is trusted for more than five minutes', () => {
    expect(() => synthesised({ ...config, api: { ...config.api, tokenCacheS: 301 } })).toThrow(
      /tokenCacheS is 301; allowed: 0 to 300/,
    );
  });
});

test('the onnxruntime layer goes to the functions that predict, and to no other', () => {
  const [layer, ...more] = ofType(first.service, 'AWS::Lambda::LayerVersion');
  expect(more).toEqual([]);
  expect(layer?.Properties).toMatchObject({ CompatibleArchitectures: ['arm64'], CompatibleRuntimes: ['nodejs24.x'] });
  const users = ofType(first.service, 'AWS::Lambda::Function').filter(({ Properties }) => Properties['Layers']);
  expect(users.map(({ id }) => id.replace(/Function.*/, '')).sort()).toEqual([
    'Ingest',
    'Predict',
    'Predictors',
    'SearchSpaces',
    'SweepUploads',
    ...['Adapt', 'Conclude', 'Decide', 'Evaluate', 'Fit', 'Plan'].map((task) => `Training${task}`),
    'Withdrawals',
  ]);
});
