// The HTTP API: one stage, access logs without tokens or queries, throttling, and a Lambda authorizer on every route
// that does not say it is public.
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  CorsHttpMethod,
  HttpApi,
  type HttpMethod,
  HttpNoneAuthorizer,
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
}

/** The longest API Gateway waits for an integration here; functions behind it answer or time out before. */
export const integrationTimeoutS = 29;

export class ServiceApi extends Construct {
  readonly api: HttpApi;
  readonly url: string;
  readonly #authorizer: HttpLambdaAuthorizer;

  constructor(scope: Construct, id: string, props: ServiceApiProps) {
    super(scope, id);
    const { api, logs } = props.config;
    this.#authorizer = new HttpLambdaAuthorizer('Authorizer', props.authorizer, {
      responseTypes: [HttpLambdaResponseType.SIMPLE],
      // Every request reaches the authorizer, also one without a token, so that each refusal is a problem+json with its
      // reason: API Gateway's own answers are neither. What is kept is in the authorizer's memory (TOKEN_CACHE_S).
      identitySource: [],
      resultsCacheTtl: Duration.seconds(0),
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
      if (access !== 'public') continue;
      for (const open of added) {
        acknowledge(open, {
          'AwsSolutions-APIG4': `${routeKey(id)} is public: it tells nothing about targets or data.`,
        });
      }
    }
  }
}
