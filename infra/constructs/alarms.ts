// The alarms. What each means and what to do stands in docs/operations.md under its name, which is the construct's id.
import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, type IMetric, Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { routeKey } from '#contract/routes.ts';
import type { SugarbushConfig } from '../config.ts';
import { constructId } from '../construct-id.ts';
import { ownMetric } from './own-metric.ts';
import type { WatchedService } from './watched-service.ts';

export interface AlarmsProps {
  readonly service: WatchedService;
  readonly watching: SugarbushConfig['watching'];
}

interface AlarmLine {
  readonly metric: IMetric;
  readonly says: string;
  /** Alarms from this value on. */
  readonly from: number;
  /** Periods of the metric in a row that have to be so. Default 1. */
  readonly periods?: number;
}

const minutes = (count: number): Duration => Duration.minutes(count);

export class Alarms extends Construct {
  constructor(scope: Construct, id: string, { service, watching }: AlarmsProps) {
    super(scope, id);
    const { alarmTopicArn } = watching;
    const topic = alarmTopicArn === undefined ? undefined : Topic.fromTopicArn(this, 'Topic', alarmTopicArn);
    const lines = { ...ofFunctions(service), ...ofService(service, watching.thresholds) };
    for (const [name, { metric, says, from, periods = 1 }] of Object.entries(lines)) {
      const alarm = new Alarm(this, name, {
        metric,
        alarmDescription: `${says}. See docs/operations.md, ${name}.`,
        comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        threshold: from,
        evaluationPeriods: periods,
        // Nothing is emitted where nothing happens.
        treatMissingData: TreatMissingData.NOT_BREACHING,
      });
      if (topic === undefined) continue;
      alarm.addAlarmAction(new SnsAction(topic));
      alarm.addOkAction(new SnsAction(topic));
    }
  }
}

/** Tasks of training are left to the state machine, which tries them again: only what is left then is a failure. */
function ofFunctions({ functions }: WatchedService): Record<string, AlarmLine> {
  const lines: Record<string, AlarmLine> = {};
  for (const [name, { function: each }] of Object.entries(functions)) {
    if (name.startsWith('training/')) continue;
    const options = { statistic: 'Sum', period: minutes(5) };
    lines[`${constructId(name)}Errors`] = {
      metric: each.metricErrors(options),
      says: `${name} crashed, threw or ran out of time`,
      from: 1,
    };
    lines[`${constructId(name)}Throttles`] = {
      metric: each.metricThrottles(options),
      says: `${name} was called more often at once than it may run`,
      from: 1,
    };
  }
  return lines;
}

function ofService(
  { apiId, stateMachine }: WatchedService,
  thresholds: SugarbushConfig['watching']['thresholds'],
): Record<string, AlarmLine> {
  const hour = { statistic: 'Sum', period: Duration.hours(1) };
  const state = { statistic: 'Maximum', period: Duration.hours(1) };
  return {
    ServerErrors: {
      metric: new Metric({
        namespace: 'AWS/ApiGateway',
        metricName: '5xx',
        dimensionsMap: { ApiId: apiId },
        statistic: 'Sum',
        period: minutes(5),
      }),
      says: 'Requests were answered with 500 or above',
      from: thresholds.serverErrorsIn5Minutes,
    },
    SlowPredictions: {
      metric: ownMetric('requests', 'DurationMs', { of: routeKey('predict'), statistic: 'p99', period: minutes(5) }),
      says: 'One prediction in a hundred takes longer than it should',
      from: thresholds.predictionP99Ms,
      periods: 3,
    },
    TrainingFailed: {
      metric: stateMachine.metricFailed({ statistic: 'Sum', period: minutes(5) }),
      says: 'A training run failed',
      from: 1,
    },
    TrainingTimedOut: {
      metric: stateMachine.metricTimedOut({ statistic: 'Sum', period: minutes(5) }),
      says: 'A training run was given up',
      from: 1,
    },
    NoGoodRun: {
      metric: ownMetric('state', 'HoursSinceGoodRun', state),
      says: 'Two periods of the schedule went by without a training run that ended well',
      from: thresholds.hoursWithoutGoodRun,
    },
    OldChampion: {
      metric: ownMetric('state', 'ChampionAgeHours', state),
      says: 'The predictor in use is old',
      from: thresholds.championAgeDays * 24,
    },
    FailedEvents: {
      metric: ownMetric('state', 'FailedEvents', state),
      says: 'Events of uploads failed every time and lie in the failure bucket',
      from: 1,
    },
    FailedUploads: {
      metric: ownMetric('uploads', 'ProcessedUploads', { of: 'failed', ...hour }),
      says: 'The processing of uploads fails',
      from: thresholds.failedUploadsInAnHour,
    },
    QuarantinedUploads: {
      metric: ownMetric('uploads', 'ProcessedUploads', { of: 'quarantined', ...hour }),
      says: 'Many uploads were quarantined',
      from: thresholds.quarantinedUploadsInAnHour,
    },
    QuotaRefusals: {
      metric: ownMetric('quota', 'QuotaRefusals', hour),
      says: 'A device has used up its uploads of the day and goes on',
      from: thresholds.quotaRefusalsInAnHour,
    },
    ManyRequests: {
      metric: new Metric({
        namespace: 'AWS/ApiGateway',
        metricName: 'Count',
        dimensionsMap: { ApiId: apiId },
        ...hour,
      }),
      says: 'More requests than usual, which somebody pays for',
      from: thresholds.requestsInAnHour,
    },
  };
}
