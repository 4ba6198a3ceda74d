// The metrics that the functions emit (contract/metrics.ts), as alarms and the dashboard read them.
import type { Duration } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import {
  type MetricNameOf,
  type MetricSet,
  type MetricSetName,
  metricNamespace,
  metricSets,
} from '#contract/metrics.ts';

export interface OwnMetricOptions {
  /** `Sum`, `Maximum`, `p99`, … */
  readonly statistic: string;
  readonly period: Duration;
  /** The value of the set's dimension, where it has one. */
  readonly of?: string;
  readonly label?: string;
}

export function ownMetric<Name extends MetricSetName>(
  set: Name,
  metricName: MetricNameOf<Name>,
  { of, ...options }: OwnMetricOptions,
): Metric {
  const { dimension }: MetricSet = metricSets[set];
  return new Metric({
    namespace: metricNamespace,
    metricName,
    ...(dimension !== undefined && of !== undefined && { dimensionsMap: { [dimension]: of } }),
    ...options,
  });
}
