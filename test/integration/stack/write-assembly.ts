// Writes a small cloud assembly around resources given as CloudFormation, in the form CDK gives them, with the bundle
// of test/fixtures/lambda as the only asset. That CDK really emits this form is checked in test/infra.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const bundleFolder = fileURLToPath(new URL('../../fixtures/lambda', import.meta.url));

const assetKey = 'aaaa.zip';

type Properties = Record<string, unknown>;
export type Resources = Record<string, { Type: string; Properties?: Properties; Metadata?: Properties }>;

/** @returns the folder of the assembly */
export function writeAssembly(folder: string, resources: Resources): string {
  mkdirSync(folder, { recursive: true });
  const write = (name: string, content: unknown): void => writeFileSync(join(folder, name), JSON.stringify(content));
  write('manifest.json', {
    version: '55.0.0',
    artifacts: {
      'Service.assets': { type: 'cdk:asset-manifest', properties: { file: 'Service.assets.json' } },
      Service: {
        type: 'aws:cloudformation:stack',
        properties: { templateFile: 'Service.template.json' },
        dependencies: ['Service.assets'],
      },
    },
  });
  write('Service.assets.json', {
    version: '55.0.0',
    files: {
      aaaa: {
        source: { path: bundleFolder, packaging: 'zip' },
        destinations: { current: { bucketName: 'assets', objectKey: assetKey } },
      },
    },
  });
  write('Service.template.json', { Resources: resources });
  return folder;
}

export function lambda(handler: string, properties: Properties = {}): Resources[string] {
  return {
    Type: 'AWS::Lambda::Function',
    Properties: {
      // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation's own syntax
      Code: { S3Bucket: { 'Fn::Sub': 'assets-${AWS::Region}' }, S3Key: assetKey },
      Handler: handler,
      Runtime: 'nodejs24.x',
      MemorySize: 256,
      Timeout: 10,
      ...properties,
    },
  };
}

/** An API with an authorizer, and for each route key the logical id of its function; `public` ones have no
 * authorizer. */
export function httpApi(
  routes: Record<string, { function: string; public?: boolean; timeoutMs?: number }>,
  options: { authorizer?: string; cacheS?: number; cors?: Properties } = {},
): Resources {
  const resources: Resources = {
    Api: {
      Type: 'AWS::ApiGatewayV2::Api',
      Properties: { Name: 'Api', ProtocolType: 'HTTP', ...(options.cors && { CorsConfiguration: options.cors }) },
    },
    Stage: {
      Type: 'AWS::ApiGatewayV2::Stage',
      Properties: { ApiId: { Ref: 'Api' }, StageName: '$default', AutoDeploy: true },
    },
  };
  if (options.authorizer) {
    const arn = { 'Fn::GetAtt': [options.authorizer, 'Arn'] };
    resources['Authorizer'] = {
      Type: 'AWS::ApiGatewayV2::Authorizer',
      Properties: {
        ApiId: { Ref: 'Api' },
        AuthorizerType: 'REQUEST',
        AuthorizerPayloadFormatVersion: '2.0',
        EnableSimpleResponses: true,
        AuthorizerResultTtlInSeconds: options.cacheS ?? 300,
        IdentitySource: ['$request.header.Authorization'],
        Name: 'Authorizer',
        AuthorizerUri: {
          'Fn::Join': ['', ['arn:aws:apigateway:x:lambda:path/2015-03-31/functions/', arn, '/invocations']],
        },
      },
    };
  }
  for (const [at, [key, route]] of Object.entries(routes).entries()) {
    resources[`Integration${at}`] = {
      Type: 'AWS::ApiGatewayV2::Integration',
      Properties: {
        ApiId: { Ref: 'Api' },
        IntegrationType: 'AWS_PROXY',
        IntegrationUri: { 'Fn::GetAtt': [route.function, 'Arn'] },
        PayloadFormatVersion: '2.0',
        ...(route.timeoutMs && { TimeoutInMillis: route.timeoutMs }),
      },
    };
    const guarded = options.authorizer !== undefined && !route.public;
    resources[`Route${at}`] = {
      Type: 'AWS::ApiGatewayV2::Route',
      Properties: {
        ApiId: { Ref: 'Api' },
        RouteKey: key,
        Target: { 'Fn::Join': ['', ['integrations/', { Ref: `Integration${at}` }]] },
        AuthorizationType: guarded ? 'CUSTOM' : 'NONE',
        ...(guarded && { AuthorizerId: { Ref: 'Authorizer' } }),
      },
    };
  }
  return resources;
}

export function bucket(): Resources[string] {
  return { Type: 'AWS::S3::Bucket', Properties: {} };
}

/** Objects created in the bucket go to the function, filtered by prefix and suffix. */
export function notification(
  bucketId: string,
  functionId: string,
  filter: { prefix?: string; suffix?: string } = {},
): Resources[string] {
  const FilterRules = Object.entries(filter).map(([Name, Value]) => ({ Name, Value }));
  return {
    Type: 'Custom::S3BucketNotifications',
    Properties: {
      ServiceToken: 'arn:aws:lambda:x:y:function:helper',
      BucketName: { Ref: bucketId },
      NotificationConfiguration: {
        LambdaFunctionConfigurations: [
          {
            Events: ['s3:ObjectCreated:*'],
            LambdaFunctionArn: { 'Fn::GetAtt': [functionId, 'Arn'] },
            ...(FilterRules.length > 0 && { Filter: { Key: { FilterRules } } }),
          },
        ],
      },
      Managed: true,
      SkipDestinationValidation: false,
    },
  };
}
