// The HTTP API: one stage, access logs without tokens or queries, throttling, and a Lambda authorizer on every route
// that does not say it is public.
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  type CfnRoute,
  type CfnStage,
  CorsHttpMethod,
  HttpApi,
  type HttpMethod,
  HttpNoneAuthorizer,
  type HttpRoute,
  HttpStage,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaAuthorizer, HttpLambdaResponseType } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { type RouteId, routeKey, routes } from '#contract/routes.ts';
import type { SugarbushConfig } from '../config.ts';
import { acknowledge } from './acknowledge.ts';

export interface ServiceApiProps {
  readonly config: SugarbushConfig;
  /** Answers `{isAuthorized, context}` for an event of payload format 2.0. */
  readonly authorizer: IFunction;
  /** Seconds that its answer about one header is used again. */
  readonly authorizerCacheS: number;
}

/** The longest API Gateway waits for an integration here; functions behind it answer or time out before. */
export const integrationTimeoutS = 29;

export class ServiceApi extends Construct {
  readonly api: HttpApi;
  readonly url: string;
  readonly #authorizer: HttpLambdaAuthorizer;
  readonly #stage: CfnStage;
  readonly #limits: SugarbushConfig['api']['routeLimits'];

  constructor(scope: Construct, id: string, props: ServiceApiProps) {
    super(scope, id);
    const { api, logs } = props.config;
    this.#authorizer = new HttpLambdaAuthorizer('Authorizer', props.authorizer, {
      responseTypes: [HttpLambdaResponseType.SIMPLE],
      // A request without the header is refused by API Gateway itself, at no function's cost. What is wrong with a
      // header that is there says the function behind the route, in a problem+json: API Gateway's own answers are none.
      identitySource: ['$request.header.Authorization'],
      resultsCacheTtl: Duration.seconds(props.authorizerCacheS),
    });
    this.api = new HttpApi(this, 'Api', {
      description: 'Sugarbush: neural network latency on edge devices',
      createDefaultStage: false,
      defaultAuthorizer: this.#authorizer,
      ...(api.corsOrigins.length > 0 && {
        corsPreflight: {
          allowOrigins: [...api.corsOrigins],
          allowMethods: [CorsHttpMethod.GET, CorsHttpMethod.POST, CorsHttpMethod.PUT, CorsHttpMethod.DELETE],
          allowHeaders: ['authorization', 'content-type', 'idempotency-key'],
          maxAge: Duration.hours(1),
        },
      }),
    });
    const accessLogs = new LogGroup(this, 'AccessLogs', {
      retention: logs.retentionDays satisfies number as RetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const stage = new HttpStage(this, 'Stage', {
      httpApi: this.api,
      stageName: '$default',
      autoDeploy: true,
      throttle: { rateLimit: api.throttleRatePerS, burstLimit: api.throttleBurst },
      accessLogSettings: {
        destination: new LogGroupLogDestination(accessLogs),
        format: AccessLogFormat.custom(
          JSON.stringify({
            requestId: '$context.requestId',
            time: '$context.requestTime',
            route: '$context.routeKey',
            tokenId: '$context.authorizer.tokenId',
            deviceId: '$context.authorizer.deviceId',
            status: '$context.status',
            latencyMs: '$context.responseLatency',
            integrationLatencyMs: '$context.integrationLatency',
            authorizerError: '$context.authorizer.error',
            integrationError: '$context.integrationErrorMessage',
            responseBytes: '$context.responseLength',
          }),
        ),
      },
    });
    this.url = stage.url;
    this.#stage = stage.node.defaultChild as CfnStage;
    this.#limits = api.routeLimits;
  }

  addRoutes(handler: IFunction, ids: readonly RouteId[]): void {
    const integration = new HttpLambdaIntegration(
      `${handler.node.scope?.node.id ?? handler.node.id}Integration`,
      handler,
      {
        timeout: Duration.seconds(integrationTimeoutS),
      },
    );
    for (const id of ids) {
      const { method, path, access } = routes[id];
      const added = this.api.addRoutes({
        path,
        methods: [method as HttpMethod],
        integration,
        ...(access === 'public' && { authorizer: new HttpNoneAuthorizer() }),
      });
      this.#limit(id, added);
      if (access !== 'public') continue;
      for (const open of added) {
        acknowledge(open, {
          'AwsSolutions-APIG4': `${routeKey(id)} is public: it tells nothing about targets or data.`,
        });
      }
    }
  }

  /** A stage may limit only routes that are there before it. */
  #limit(id: RouteId, added: readonly HttpRoute[]): void {
    const limit = this.#limits[id];
    if (limit === undefined) return;
    const settings = { ThrottlingRateLimit: limit.ratePerS, ThrottlingBurstLimit: limit.burst };
    this.#stage.routeSettings = { ...(this.#stage.routeSettings as object | undefined), [routeKey(id)]: settings };
    for (const route of added) this.#stage.addResourceDependency(route.node.defaultChild as CfnRoute);
  }
}
