// What the CDK app promises, read from its templates.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { apiFunctions } from '#infra/api-functions.ts';
import { config } from '#infra/config.ts';
import { ofType, type Synthesised, synthesised } from './synthesised.ts';

// A synth takes seconds alone and many more beside other work.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

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
    const kept = ofType(first.service, 'AWS::S3::Bucket');
    expect(kept).toEqual([]);
    for (const { Type, DeletionPolicy } of Object.values(first.service.Resources)) {
      expect([Type, DeletionPolicy]).not.toEqual([Type, 'Retain']);
    }
  });
});

describe('every function', () => {
  test('is arm64 on Node.js 24 with stated memory, time, log group and role of its own', () => {
    const functions = ofType(first.service, 'AWS::Lambda::Function');
    expect(functions).toHaveLength(apiFunctions.length + 1);
    for (const { Properties } of functions) {
      expect(Properties).toMatchObject({
        Architectures: ['arm64'],
        Runtime: 'nodejs24.x',
        Handler: 'index.handler',
        MemorySize: expect.any(Number),
        Timeout: expect.any(Number),
        LoggingConfig: { LogGroup: { Ref: expect.any(String) } },
      });
      expect(Properties['Timeout']).toBeLessThan(29);
    }
    const shared = (property: (each: (typeof functions)[number]) => unknown): number =>
      functions.length - new Set(functions.map((each) => JSON.stringify(property(each)))).size;
    expect(shared(({ Properties }) => Properties['LoggingConfig'])).toBe(0);
    expect(shared(({ Properties }) => Properties['Role'])).toBe(0);
  });

  test('has the size its configuration says', () => {
    const sizes = ofType(first.service, 'AWS::Lambda::Function').map(({ Properties }) => [
      Properties['MemorySize'],
      Properties['Timeout'],
    ]);
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
        expect([Resource].flat()).not.toContain('*');
      }
    }
    expect(JSON.stringify(ofType(first.service, 'AWS::IAM::Role'))).not.toContain('ManagedPolicyArns');
  });

  test.each([
    ['Authorizer', ['tokens/*']],
    ['Predict', ['predictors/*', 'adaptations/*', 'targets/*']],
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

describe('the API', () => {
  test('has exactly the routes of its functions', () => {
    const keys = ofType(first.service, 'AWS::ApiGatewayV2::Route').map(({ Properties }) => Properties['RouteKey']);
    expect(keys.sort()).toEqual(apiFunctions.flatMap(({ routes }) => routes).sort());
  });

  test('asks the authorizer on every route but the public ones', () => {
    const open = ofType(first.service, 'AWS::ApiGatewayV2::Route')
      .filter(({ Properties }) => Properties['AuthorizationType'] !== 'CUSTOM')
      .map(({ Properties }) => Properties['RouteKey']);
    expect(open.sort()).toEqual(['GET /openapi.json', 'GET /v1/health']);
  });

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
    expect(Format).not.toMatch(/header|querystring|authorizer\.(principal|token)/i);
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
  expect(users.map(({ id }) => id.replace(/Function.*/, '')).sort()).toEqual(['Predict', 'SearchSpaces']);
});
