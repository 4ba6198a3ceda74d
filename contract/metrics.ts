// The metrics that the functions emit, by sets that are emitted together, and the only place that spells their names:
// the functions write them (functions/shared/metrics.ts), alarms and the dashboard read them (infra/). Plain data.

/** CloudWatch's namespace of all of them. */
export const metricNamespace = 'Sugarbush';

export interface MetricSet {
  /** What each value is of, beside nothing else: CloudWatch keeps a metric for each value of it. Left out: nothing. */
  readonly dimension?: string;
  /** By name; units as CloudWatch writes them. */
  readonly units: Readonly<Record<string, 'Count' | 'Milliseconds' | 'None'>>;
}

export const metricSets = {
  /** One of each request; the dimension is a route as API Gateway names it. Refusals and errors are 0 too, so that
   * their averages are rates. */
  requests: { dimension: 'Route', units: { DurationMs: 'Milliseconds', Refusals: 'Count', Errors: 'Count' } },
  /** One of each process, at its first call; the dimension is the function's name in AWS. */
  processes: { dimension: 'Function', units: { ColdStarts: 'Count' } },
  /** For each request that predicts: how often memory had the champion or an adaptation, and how often the store was
   * read for it. */
  memory: { units: { CacheHits: 'Count', CacheMisses: 'Count' } },
  /** Targets of a reply, by how far its predictions are to be trusted. */
  answers: { dimension: 'Trust', units: { AnsweredTargets: 'Count' } },
  /** Uploads that were looked at, by what became of them; `failed` is tried again. */
  uploads: { dimension: 'Outcome', units: { ProcessedUploads: 'Count' } },
  /** For each registration of an upload that was refused because the device had used up its day. */
  quota: { units: { QuotaRefusals: 'Count' } },
  /** What stands in the buckets, once an hour. What there is nothing of is left out. */
  state: {
    units: {
      /** Since the champion was made. */
      ChampionAgeHours: 'None',
      /** Since the last training run ended that promoted, refused or had nothing new to learn from. */
      HoursSinceGoodRun: 'None',
      /** Objects in the bucket of events whose processing failed every time. */
      FailedEvents: 'Count',
    },
  },
} as const satisfies Readonly<Record<string, MetricSet>>;

export type MetricSets = typeof metricSets;
export type MetricSetName = keyof MetricSets;
/** The names of a set. */
export type MetricNameOf<Name extends MetricSetName> = keyof MetricSets[Name]['units'] & string;
