// Writes metrics as JSON lines on standard output in CloudWatch's embedded metric format, from which CloudWatch makes
// them without a call. Source: CloudWatch User Guide, "Specification: Embedded metric format".
import {
  type MetricNameOf,
  type MetricSet,
  type MetricSetName,
  metricNamespace,
  metricSets,
} from '#contract/metrics.ts';

/** One line of the format: values and dimension stand beside what says how to read them.
 * @param values by the names of the set
 * @param dimension its value, where the set has one
 * @param nowMs ms since the epoch */
export function metricLine<Name extends MetricSetName>(
  name: Name,
  values: Partial<Readonly<Record<MetricNameOf<Name>, number>>>,
  dimension: string | undefined,
  nowMs: number,
): Record<string, unknown> {
  const set: MetricSet = metricSets[name];
  const own: Record<string, string> =
    set.dimension === undefined || dimension === undefined ? {} : { [set.dimension]: dimension };
  const Metrics = Object.keys(values).map((Name) => ({ Name, Unit: set.units[Name] }));
  return {
    _aws: {
      Timestamp: nowMs,
      CloudWatchMetrics: [{ Namespace: metricNamespace, Dimensions: [Object.keys(own)], Metrics }],
    },
    ...own,
    ...values,
  };
}

/** Writes values of one set; nothing where there are none, and where the environment says `SUGARBUSH_METRICS=off`. */
export function putMetrics<Name extends MetricSetName>(
  name: Name,
  values: Partial<Readonly<Record<MetricNameOf<Name>, number>>>,
  dimension?: string,
): void {
  if (process.env['SUGARBUSH_METRICS'] === 'off' || Object.keys(values).length === 0) return;
  // Not the console: Lambda's writes more than JSON into a line.
  process.stdout.write(`${JSON.stringify(metricLine(name, values, dimension, Date.now()))}\n`);
}

let isCold = true;

/** Counts the process once, whoever calls it first: each handler does when it is called. */
export function countColdStart(): void {
  if (!isCold) return;
  isCold = false;
  putMetrics('processes', { ColdStarts: 1 }, process.env['AWS_LAMBDA_FUNCTION_NAME'] ?? 'none');
}
