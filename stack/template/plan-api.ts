// The HTTP API of a template: its routes with their functions and authorizers.
import * as z from 'zod';
import { StackError } from '../stack-error.ts';
import { referenceTo, type StackEnvironment } from './identifiers.ts';
import { ignored, parseProperties } from './parse-properties.ts';
import type { PlannedResource } from './plan.ts';

export interface ApiPlan {
  readonly id: string;
  readonly routes: readonly RoutePlan[];
  readonly cors: CorsPlan | undefined;
}

export interface RoutePlan {
  /** As in the template: `GET /v1/targets/{id}`, `ANY /x/{proxy+}` or `$default`. */
  readonly key: string;
  readonly functionArn: string;
  readonly timeoutMs: number;
  readonly authorizer: AuthorizerPlan | undefined;
}

export interface AuthorizerPlan {
  readonly id: string;
  readonly functionArn: string;
  /** Such as `$request.header.Authorization`. */
  readonly identitySources: readonly string[];
  readonly cacheS: number;
}

export interface CorsPlan {
  readonly allowOrigins: readonly string[];
  readonly allowMethods: readonly string[];
  readonly allowHeaders: readonly string[];
  readonly exposeHeaders: readonly string[];
  readonly maxAgeS: number | undefined;
  readonly allowCredentials: boolean;
}

const apiSchema = z.strictObject({
  ProtocolType: z.literal('HTTP'),
  CorsConfiguration: z
    .strictObject({
      AllowOrigins: z.array(z.string()).default([]),
      AllowMethods: z.array(z.string()).default([]),
      AllowHeaders: z.array(z.string()).default([]),
      ExposeHeaders: z.array(z.string()).default([]),
      MaxAge: z.number().optional(),
      AllowCredentials: z.boolean().default(false),
    })
    .optional(),
  Name: ignored,
  Description: ignored,
  DisableExecuteApiEndpoint: ignored,
  Tags: ignored,
});

const routeSchema = z.strictObject({
  ApiId: z.string(),
  RouteKey: z.string(),
  Target: z.string().startsWith('integrations/'),
  AuthorizationType: z.enum(['NONE', 'CUSTOM']).default('NONE'),
  AuthorizerId: z.string().optional(),
});

const integrationSchema = z.strictObject({
  ApiId: z.string(),
  IntegrationType: z.literal('AWS_PROXY'),
  IntegrationUri: z.string(),
  PayloadFormatVersion: z.literal('2.0'),
  TimeoutInMillis: z.number().default(30_000),
  Description: ignored,
});

const authorizerSchema = z.strictObject({
  ApiId: z.string(),
  AuthorizerType: z.literal('REQUEST'),
  AuthorizerPayloadFormatVersion: z.literal('2.0'),
  EnableSimpleResponses: z.literal(true),
  AuthorizerUri: z.string(),
  IdentitySource: z.array(z.string()).default([]),
  // API Gateway's default is five minutes where there is something to cache by.
  AuthorizerResultTtlInSeconds: z.number().default(300),
  Name: ignored,
  AuthorizerCredentialsArn: ignored,
});

const stageSchema = z.strictObject({
  ApiId: z.string(),
  StageName: z.literal('$default'),
  AutoDeploy: z.literal(true),
  AccessLogSettings: ignored,
  // Throttling protects the cloud account; on one machine its processes are the limit.
  DefaultRouteSettings: ignored,
  RouteSettings: ignored,
  Description: ignored,
  Tags: ignored,
});

/** The HTTP API of the template with routes, authorizer and CORS; undefined where there is none.
 * @throws StackError */
export function planApi(resources: readonly PlannedResource[], environment: StackEnvironment): ApiPlan | undefined {
  const ofType = (kind: string): PlannedResource[] =>
    resources.filter(({ type }) => type === `AWS::ApiGatewayV2::${kind}`);
  const reference = ({ stack, id, type }: PlannedResource): string => referenceTo(environment, stack.name, id, type);
  const [api, ...more] = ofType('Api');
  if (!api) return undefined;
  if (more.length > 0)
    throw new StackError(`the embedded stack serves one HTTP API; the template has ${more.length + 1}`);
  for (const stage of ofType('Stage')) parseProperties(stage, stageSchema);

  const integrations = new Map(
    ofType('Integration').map((each) => [reference(each), parseProperties(each, integrationSchema)]),
  );
  const authorizers = new Map(
    ofType('Authorizer').map((each) => {
      const parsed = parseProperties(each, authorizerSchema);
      const plan: AuthorizerPlan = {
        id: reference(each),
        functionArn: arnInside(parsed.AuthorizerUri),
        identitySources: parsed.IdentitySource,
        cacheS: parsed.IdentitySource.length > 0 ? parsed.AuthorizerResultTtlInSeconds : 0,
      };
      return [plan.id, plan] as const;
    }),
  );
  const routes = ofType('Route').map((each): RoutePlan => {
    const parsed = parseProperties(each, routeSchema);
    const integration = integrations.get(parsed.Target.slice('integrations/'.length));
    if (!integration) throw new StackError(`route '${parsed.RouteKey}' has no integration in the template`);
    const authorizer = authorizers.get(parsed.AuthorizerId ?? '');
    if (parsed.AuthorizationType === 'CUSTOM' && !authorizer) {
      throw new StackError(`route '${parsed.RouteKey}' has no authorizer in the template`);
    }
    return {
      key: parsed.RouteKey,
      functionArn: arnInside(integration.IntegrationUri),
      timeoutMs: integration.TimeoutInMillis,
      authorizer: parsed.AuthorizationType === 'CUSTOM' ? authorizer : undefined,
    };
  });
  const { CorsConfiguration: cors } = parseProperties(api, apiSchema);
  return {
    id: reference(api),
    routes,
    cors: cors && {
      allowOrigins: cors.AllowOrigins,
      allowMethods: cors.AllowMethods,
      allowHeaders: cors.AllowHeaders,
      exposeHeaders: cors.ExposeHeaders,
      maxAgeS: cors.MaxAge,
      allowCredentials: cors.AllowCredentials,
    },
  };
}

/** `arn:…:path/2015-03-31/functions/{function ARN}/invocations` or the function's ARN itself → that ARN. */
function arnInside(uri: string): string {
  return /\/functions\/([^/]+)\/invocations$/.exec(uri)?.[1] ?? uri;
}
