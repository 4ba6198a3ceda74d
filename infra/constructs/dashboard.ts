// One page that shows how the service does: what users notice first, then what comes in, training, and what costs.
import { Duration } from 'aws-cdk-lib';
import { Dashboard, GraphWidget, type IMetric, type IWidget, MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { routeKey } from '#contract/routes.ts';
import { ownMetric } from './own-metric.ts';
import type { WatchedService } from './watched-service.ts';

const fiveMinutes = { period: Duration.minutes(5) };
const hour = { period: Duration.hours(1) };

export class ServiceDashboard extends Construct {
  constructor(scope: Construct, id: string, service: WatchedService) {
    super(scope, id);
    new Dashboard(this, 'Dashboard', {
      widgets: [forUsers(service), ofFunctions(service), forDevices(), forTraining(service), forTheBill(service)],
    });
  }
}

/** A third of the page's width. */
const graph = (title: string, left: readonly IMetric[]): IWidget =>
  new GraphWidget({ title, left: [...left], width: 8 });

const apiMetric = (metricName: string, { apiId }: WatchedService): Metric =>
  new Metric({
    namespace: 'AWS/ApiGateway',
    metricName,
    dimensionsMap: { ApiId: apiId },
    statistic: 'Sum',
    ...fiveMinutes,
  });

function forUsers(service: WatchedService): IWidget[] {
  const duration = (statistic: string): Metric =>
    ownMetric('requests', 'DurationMs', { of: routeKey('predict'), statistic, ...fiveMinutes, label: statistic });
  const trust = (of: string): Metric =>
    ownMetric('answers', 'AnsweredTargets', { of, statistic: 'Sum', ...fiveMinutes, label: of });
  const looks = { statistic: 'Sum', ...fiveMinutes };
  return [
    graph('Predictions, ms', [duration('p50'), duration('p99')]),
    graph('Refusals and errors of the API', [apiMetric('4xx', service), apiMetric('5xx', service)]),
    graph('Targets answered, by trust', ['trusted', 'measure-first', 'out-of-domain'].map(trust)),
    graph('Looks into memory', [ownMetric('memory', 'CacheHits', looks), ownMetric('memory', 'CacheMisses', looks)]),
  ];
}

function ofFunctions({ functions }: WatchedService): IWidget[] {
  const all = Object.entries(functions);
  const options = (label: string) => ({ statistic: 'Sum', ...fiveMinutes, label });
  return [
    graph(
      'Errors by function',
      all.map(([name, each]) => each.function.metricErrors(options(name))),
    ),
    graph(
      'Throttles by function',
      all.map(([name, each]) => each.function.metricThrottles(options(name))),
    ),
    graph(
      'Cold starts by function',
      all.map(([name, each]) =>
        ownMetric('processes', 'ColdStarts', { of: each.function.functionName, ...options(name) }),
      ),
    ),
  ];
}

function forDevices(): IWidget[] {
  const outcome = (of: string): Metric =>
    ownMetric('uploads', 'ProcessedUploads', { of, statistic: 'Sum', ...hour, label: of });
  const outcomes = ['accepted', 'quarantined', 'failed', 'finished-before', 'ignored'];
  return [
    graph('Uploads by outcome', outcomes.map(outcome)),
    graph('Objects in the failure bucket', [ownMetric('state', 'FailedEvents', { statistic: 'Maximum', ...hour })]),
    graph('Refused by the quota', [ownMetric('quota', 'QuotaRefusals', { statistic: 'Sum', ...hour })]),
  ];
}

function forTraining({ stateMachine }: WatchedService): IWidget[] {
  const maximum = { statistic: 'Maximum', ...hour };
  const sum = { statistic: 'Sum', ...hour };
  return [
    graph('Age of the champion, hours', [ownMetric('state', 'ChampionAgeHours', maximum)]),
    graph('Hours since a good run', [ownMetric('state', 'HoursSinceGoodRun', maximum)]),
    graph('Training runs', [
      stateMachine.metricSucceeded(sum),
      stateMachine.metricFailed(sum),
      stateMachine.metricTimedOut(sum),
      stateMachine.metricAborted(sum),
    ]),
  ];
}

function forTheBill(service: WatchedService): IWidget[] {
  const all = Object.values(service.functions);
  // ms × MiB / 1024 / 1000.
  const terms = all.map(({ memoryMiB }, i) => `m${i}*${memoryMiB}`);
  const gbSeconds = new MathExpression({
    expression: `(${terms.join('+')})/1024000`,
    usingMetrics: Object.fromEntries(
      all.map((each, i) => [`m${i}`, each.function.metricDuration({ statistic: 'Sum', ...hour })]),
    ),
    label: 'GB-seconds',
    ...hour,
  });
  return [
    graph('GB-seconds of the functions', [gbSeconds]),
    graph('Requests of the API', [apiMetric('Count', service)]),
  ];
}
